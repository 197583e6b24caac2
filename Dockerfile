# A static binary in an empty image. It builds from the Go image and the module
# proxy alone:
#
#   docker build -t tailpost .
#   docker run --rm -v tailpost:/var/lib/tailpost -v ./config:/etc/tailpost:ro \
#       -v /var/log/appliance:/var/log/appliance:ro tailpost
#
# It needs no root, no capability, no other file system to write on than its
# volume, and a tmpfs on /tmp for `demo` alone: docs/install.md.

FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=unknown
RUN VERSION=${VERSION} sh .ci/build /out/bin/tailpost
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
# By the control socket in the state directory: no port is needed for it. Images
# in OCI's own format have no such instruction (podman build --format docker).
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD ["tailpost", "health"]
ENTRYPOINT ["tailpost"]
CMD ["run"]
