# A minimal image: `docker build -t hatif .` and then
#   docker run --rm -p 8080:8080 -v hatif-data:/var/lib/hatif -e HATIF_PROVIDERS__MAQSAM__TOKEN=... hatif
FROM python:3.11-slim-bookworm AS build
WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE NOTICE config.yaml ./
COPY bridge bridge
COPY protocols protocols
COPY questionnaires questionnaires
COPY models models
RUN python -m venv /opt/hatif \
    && /opt/hatif/bin/pip install --no-cache-dir --constraint constraints.txt .

FROM python:3.11-slim-bookworm
RUN useradd --system --home-dir /var/lib/hatif --create-home hatif
COPY --from=build /opt/hatif /opt/hatif
USER hatif
WORKDIR /var/lib/hatif
ENV PATH=/opt/hatif/bin:$PATH \
    HATIF_SERVER__HOST=0.0.0.0 \
    HATIF_STORAGE__PATH=/var/lib/hatif/hatif.db \
    HATIF_PROMPTS__FOLDER=/var/lib/hatif/prompts
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --start-period=30s CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8080/readyz', timeout=3)"]
ENTRYPOINT ["hatif"]
CMD ["serve"]
