# One image for every process: `serve --no-worker`, `work`, `migrate`. Production names its stores and
# keys by HOCBA_* variables; without them the image runs the embedded sandbox.
FROM python:3.11-slim AS build
RUN apt-get update && apt-get install --yes --no-install-recommends gcc libc6-dev
COPY requirements.txt /build/
RUN python -m venv /opt/hocba \
 && /opt/hocba/bin/pip install --no-cache-dir --require-hashes -r /build/requirements.txt
COPY app/__init__.py /build/app/
COPY app/engine /build/app/engine
RUN cd /build && /opt/hocba/bin/python -m app.engine.build

FROM python:3.11-slim
RUN useradd --system --uid 10001 --home-dir /var/lib/hocba --create-home hocba
COPY --from=build /opt/hocba /opt/hocba
COPY alembic.ini pyproject.toml /srv/hocba/
COPY migrations /srv/hocba/migrations
COPY app /srv/hocba/app
COPY --from=build /build/app/engine /srv/hocba/app/engine
WORKDIR /srv/hocba
USER hocba
ENV PATH=/opt/hocba/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    HOCBA_HOME=/var/lib/hocba HOCBA_HOST=0.0.0.0
EXPOSE 8115
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
  CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8115/readyz')"]
ENTRYPOINT ["python", "-m", "app"]
CMD ["serve"]
