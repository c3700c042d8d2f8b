# Builds the server in one stage and runs it in another, as an unprivileged user. compose.yaml makes the file system
# read-only and mounts the folders that the server writes to. docs/operating.md tells how to renew the digest.

FROM python:3.13.15-slim-trixie@sha256:7c61056e61ac89e852de05f3dc6fa51a6dd2181797bceed46aa725dd7cb2cd3b AS base

FROM base AS build
WORKDIR /srv/codebook
# requirements-meaning.txt adds the search by meaning.
ARG REQUIREMENTS=requirements.txt
COPY requirements.txt requirements-meaning.txt ./
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes -r "$REQUIREMENTS"
COPY manage.py ./
COPY config/ config/
COPY kb/ kb/
COPY templates/ templates/
# Settings do not load without a secret key. This one is random and signs nothing: a fixed key in this file would be public
# and could end up on a server.
RUN SECRET_KEY="$(python -c 'import secrets; print(secrets.token_urlsafe(64))')" ALLOWED_HOSTS=localhost \
    /venv/bin/python manage.py collectstatic --noinput && /venv/bin/python -m compileall -q config kb

FROM base
# `manage.py backup` and `restore` need pg_dump and pg_restore. Debian keeps only the newest build of a version, so a pinned
# one could not be installed after its next security fix.
# hadolint ignore=DL3008
RUN apt-get update && apt-get install --yes --no-install-recommends postgresql-client && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin codebook
COPY --from=build /venv /venv
COPY --from=build /srv/codebook /srv/codebook
WORKDIR /srv/codebook
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 LOG_FORMAT=json
USER 10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/readyz', timeout=2)"]
STOPSIGNAL SIGTERM
CMD ["python", "manage.py", "serve", "--host", "0.0.0.0", "--port", "8000", "--workers", "2"]
