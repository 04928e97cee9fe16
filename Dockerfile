# Hatif as an image (docs/deployment.md). `docker build -t hatif .`, and then
#   docker run --rm -p 127.0.0.1:8080:8080 -v hatif:/data --read-only --tmpfs /tmp -e MAQSAM_TOKEN hatif
#
# EXTRAS: what else is installed, by commas: postgres, redis, tracing, media, xlsform, piper (GPL-3.0-or-later), xtts
# (its weights are for non-commercial use). TORCH_INDEX: an index with PyTorch's builds for the CPU, for xtts.
ARG PYTHON=3.11
FROM python:${PYTHON}-slim-bookworm AS build
ARG EXTRAS="postgres,redis"
ARG TORCH_INDEX=""
WORKDIR /src
COPY pyproject.toml constraints.txt constraints-xtts.txt README.md LICENSE NOTICE config.yaml ./
COPY bridge bridge
COPY protocols protocols
COPY questionnaires questionnaires
COPY models models
COPY systemd systemd
RUN python -m venv /opt/hatif \
    && case ",$EXTRAS," in *,xtts,*) \
         /opt/hatif/bin/pip install --no-cache-dir --constraint constraints.txt ${TORCH_INDEX:+--index-url "$TORCH_INDEX"} torch \
         && /opt/hatif/bin/pip install --no-cache-dir --no-deps --constraint constraints-xtts.txt torchaudio ;; \
       esac \
    && /opt/hatif/bin/pip install --no-cache-dir --constraint constraints.txt --constraint constraints-xtts.txt ".[$EXTRAS]"

FROM python:${PYTHON}-slim-bookworm
LABEL org.opencontainers.image.title="Hatif" \
      org.opencontainers.image.description="Completes healthcare questionnaires by telephone, in Arabic" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.documentation="/usr/share/doc/hatif"
RUN groupadd --system --gid 10001 hatif \
    && useradd --system --uid 10001 --gid 10001 --home-dir /data --no-create-home --shell /usr/sbin/nologin hatif \
    && install --directory --owner=hatif --group=hatif --mode=0750 /data
COPY --from=build /opt/hatif /opt/hatif
COPY LICENSE NOTICE docs/licences.md /usr/share/doc/hatif/
COPY deploy/container/config.yaml /etc/hatif/config.yaml
USER 10001:10001
WORKDIR /data
ENV PATH=/opt/hatif/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    HATIF_CONFIG=/etc/hatif/config.yaml
# Answers, prompts, voices, backups, and models that do not ship: everything that is written.
VOLUME ["/data"]
EXPOSE 8080
STOPSIGNAL SIGTERM
# Whether it lives, not whether it takes calls: who drains a daemon does not want it killed.
HEALTHCHECK --interval=10s --timeout=5s --start-period=300s --retries=6 \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:%s/livez' % (os.environ.get('HATIF_SERVER__PORT') or os.environ.get('PORT') or 8080), timeout=4)"]
ENTRYPOINT ["hatif"]
CMD ["serve"]
