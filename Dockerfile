# syntax=docker/dockerfile:1
# The service as an image, in two variants from this one file:
#   docker build -t wyoming-openspeakers .                                   for processors, small
#   docker build -t wyoming-openspeakers:cuda --build-arg VARIANT=cuda .     with PyTorch for NVIDIA's GPUs
ARG PYTHON=3.13
ARG VARIANT=cpu

FROM python:${PYTHON}-slim-trixie AS packages
# Optional parts of the service, such as piper,espeak, whose licence is the GPL.
ARG EXTRAS=
ARG VARIANT
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1
WORKDIR /src
COPY . .
RUN python -m venv /opt/openspeakers \
    && if [ "${VARIANT}" = cuda ]; then extras="torch${EXTRAS:+,${EXTRAS}}"; else extras="${EXTRAS}"; fi \
    && /opt/openspeakers/bin/python -m pip install ".${extras:+[${extras}]}" \
    && /opt/openspeakers/bin/wyoming-openspeakers --version

FROM python:${PYTHON}-slim-trixie AS cpu
# The folders belong to the user, so that volumes which are made from them do, too.
RUN useradd --system --uid 10200 --home-dir /data --no-create-home --shell /usr/sbin/nologin openspeakers \
    && install --directory --owner=openspeakers --group=openspeakers --mode=0700 /data /models
COPY --from=packages /opt/openspeakers /opt/openspeakers
# Inside a container only other addresses than its own are of use; which of them are reached is for `docker run -p` to say.
ENV PATH="/opt/openspeakers/bin:${PATH}" \
    PYTHONUNBUFFERED=1 \
    OPENSPEAKERS__DATA_DIR=/data \
    OPENSPEAKERS__MODELS__FOLDER=/models \
    OPENSPEAKERS__WYOMING__URIS="[tcp://0.0.0.0:10200]" \
    OPENSPEAKERS__HTTP__ADDRESS=0.0.0.0:8080
LABEL org.opencontainers.image.title="Wyoming OpenSpeakers" \
    org.opencontainers.image.description="Open voices for the home: a streaming speech service" \
    org.opencontainers.image.licenses="Apache-2.0"
USER 10200:10200
WORKDIR /data
VOLUME ["/data", "/models"]
EXPOSE 10200 8080
HEALTHCHECK --interval=30s --timeout=10s --start-period=2m --start-interval=2s --retries=3 \
    CMD ["python", "-m", "wyoming_openspeakers.cli.health"]
ENTRYPOINT ["wyoming-openspeakers"]
CMD ["serve"]

# CUDA itself comes with PyTorch; the driver is the host's, and these say how much of it to bring in.
FROM cpu AS cuda
ENV NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility

# hadolint ignore=DL3006
FROM ${VARIANT}
