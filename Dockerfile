# A static binary in an empty image. It builds from the Go image and the module
# proxy alone:
#
#   docker build -t tailpost .
#   docker run --rm -v tailpost:/var/lib/tailpost -v ./tailpost.toml:/etc/tailpost/tailpost.toml:ro \
#       -v /var/log/appliance:/var/log/appliance:ro tailpost run

FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=unknown
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /out/bin/tailpost ./cmd/tailpost
# What the empty image needs besides: roots of trust, a place for temporary
# files, and directories that the user may write in, so that fresh volumes are
# writable. Zone data is linked in.
RUN mkdir -p /out/certs /out/any/tmp /out/lib/tailpost /out/run/tailpost \
 && cp /etc/ssl/certs/ca-certificates.crt /out/certs/ \
 && chmod 1777 /out/any/tmp && chmod 0700 /out/lib/tailpost /out/run/tailpost

FROM scratch
COPY --from=build /out/certs/ /etc/ssl/certs/
COPY --from=build /out/any/ /
COPY --from=build --chown=65532:65532 /out/lib/ /var/lib/
COPY --from=build --chown=65532:65532 /out/run/ /run/
COPY --from=build /out/bin/tailpost /usr/local/bin/tailpost
ENV PATH=/usr/local/bin
USER 65532:65532
VOLUME ["/var/lib/tailpost"]
ENTRYPOINT ["tailpost"]
CMD ["run"]
