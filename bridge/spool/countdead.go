package spool

// CountDead counts the dead letters in a state directory by their recipients,
// as ReadDead gives them. It reads all of them.
func CountDead(dir string) (map[string]int, error) {
	out := map[string]int{}
	err := ReadDead(dir, func(l DeadLetter) error {
		out[l.Recipient]++
		return nil
	})
	return out, err
}
