// The status page, live: what changed comes as server-sent events and is put in
// place, so that focus, selection and what is unfolded stay as they are. The
// page reads whole without this.
"use strict";
(() => {
	const main = document.querySelector("main[data-live]");
	const asof = document.getElementById("asof");
	// How far our clock goes before the bridge's, in ms.
	let ahead = Date.now() - Date.parse(asof.querySelector("time").dateTime);

	const units = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
	const whole = (s) => {
		for (const [n, word] of units) {
			if (s >= (n === 86400 ? 2 * n : n)) return Math.floor(s / n) + " " + word;
		}
		return "0 s";
	};
	const relative = (at) => {
		const s = Math.floor((Date.now() - ahead - at) / 1000);
		if (s >= 1) return whole(s) + " ago";
		if (s <= -1) return "in " + whole(-s);
		return "now";
	};
	const tellTimes = () => {
		for (const t of document.querySelectorAll("time[data-ago]")) {
			const says = relative(Date.parse(t.dateTime));
			if (t.textContent !== says) t.textContent = says;
		}
	};

	// morph makes one element like another, and leaves alone what is so already.
	const morph = (was, is) => {
		if (was.nodeType !== is.nodeType || was.nodeName !== is.nodeName || was.id !== is.id) {
			was.replaceWith(is.cloneNode(true));
			return;
		}
		if (was.nodeType !== Node.ELEMENT_NODE) {
			if (was.data !== is.data) was.data = is.data;
			return;
		}
		for (const a of [...was.attributes]) {
			if (!is.hasAttribute(a.name) && a.name !== "open") was.removeAttribute(a.name);
		}
		for (const a of is.attributes) {
			if (was.getAttribute(a.name) !== a.value) was.setAttribute(a.name, a.value);
		}
		// What a visitor has put in is the visitor's; a time is told by tellTimes.
		if (was.matches("select, input, time[data-ago]") && was.isEqualNode(is)) return;
		if (was.matches("select")) return;
		const children = [...is.childNodes];
		children.forEach((c, i) => {
			const old = was.childNodes[i];
			if (old) morph(old, c);
			else was.append(c.cloneNode(true));
		});
		while (was.childNodes.length > children.length) was.lastChild.remove();
	};

	const parse = (html) => {
		const t = document.createElement("template");
		t.innerHTML = html;
		return t.content.firstElementChild;
	};

	const put = (news) => {
		ahead = Date.now() - Date.parse(news.asof);
		if (document.title !== news.title) document.title = news.title;
		let missing = false;
		for (const p of news.parts) {
			const was = document.getElementById(p.id);
			if (!was) {
				missing = true;
				continue;
			}
			morph(was, parse(p.html));
			if (!news.whole && was.isConnected && was.nodeName === "TR") {
				was.classList.remove("fresh");
				void was.offsetWidth; // so that the animation begins anew
				was.classList.add("fresh");
			}
		}
		if (missing) location.reload();
		tellTimes();
	};

	const say = (text, kind) => {
		asof.textContent = text;
		asof.className = kind;
	};

	let source = null;
	let retry = 0;
	const close = () => {
		clearTimeout(retry);
		if (source) source.close();
		source = null;
	};
	const gone = () => {
		close();
		say("Not live: what this page shows is not there any longer", "is-stale");
	};
	// Why the bridge has closed the stream: it doesn't say so to an EventSource.
	const ask = async () => {
		const stop = new AbortController();
		try {
			const answer = await fetch(main.dataset.live, { signal: stop.signal });
			return answer.status;
		} catch {
			return 0;
		} finally {
			stop.abort();
		}
	};
	const open = () => {
		close();
		source = new EventSource(main.dataset.live);
		source.addEventListener("gone", gone);
		source.onmessage = (e) => {
			put(JSON.parse(e.data));
			say("Live", "is-live");
		};
		source.onerror = async () => {
			say("Not live: the bridge doesn’t answer. What is shown may be old", "is-stale");
			// A browser that was refused doesn't try again by itself.
			if (!source || source.readyState !== EventSource.CLOSED) return;
			close();
			const due = (retry = setTimeout(open, 10000));
			if ((await ask()) === 204 && retry === due && !source) gone();
		};
	};

	tellTimes();
	setInterval(tellTimes, 1000);
	if (main) {
		// A browser has few connections for a site: a page that nobody sees takes none.
		const look = () => {
			if (document.hidden) {
				close();
				say("Not live while it is hidden", "is-stale");
			} else {
				open();
			}
		};
		document.addEventListener("visibilitychange", look);
		window.addEventListener("pagehide", close);
		window.addEventListener("pageshow", (e) => { if (e.persisted) look(); });
		if (!document.hidden) open();
	}
})();
