# One image for workers, bridge, API with pages, and command line: the locked dependencies, and the source beside them.

FROM python:3.13.7-slim-bookworm AS dependencies
COPY deploy/requirements/runtime.txt /runtime.txt
RUN pip install --no-cache-dir --no-deps --require-hashes --prefix /installed --requirement /runtime.txt

FROM python:3.13.7-slim-bookworm
RUN useradd --system --uid 10001 --no-create-home minutekeeper \
    && install --directory --owner minutekeeper --mode 0700 /var/lib/minutekeeper /var/lib/minutekeeper-web
COPY --from=dependencies /installed /usr/local
WORKDIR /app
COPY . .
# A clone that was made under a strict umask is readable by its owner only, and the image runs as another user.
RUN chmod -R a+rX /app /usr/local/lib \
    && python -m compileall -q /app \
    && printf '#!/bin/sh\nexec python -m starter "$@"\n' >/usr/local/bin/minutekeeper \
    && chmod 0755 /usr/local/bin/minutekeeper
ENV PYTHONUNBUFFERED=1 PYTHONPATH=/app
USER 10001
CMD ["python", "-m", "worker"]
