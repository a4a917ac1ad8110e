# One image for workers, bridge and command line: the locked dependencies, and the source beside them.

FROM python:3.13-slim AS dependencies
COPY requirements/runtime.txt /runtime.txt
RUN pip install --no-cache-dir --no-deps --require-hashes --prefix /installed --requirement /runtime.txt

FROM python:3.13-slim
RUN useradd --system --uid 10001 --no-create-home minutekeeper \
    && install --directory --owner minutekeeper /var/lib/minutekeeper
COPY --from=dependencies /installed /usr/local
WORKDIR /app
COPY . .
RUN python -m compileall -q .
ENV PYTHONUNBUFFERED=1
USER 10001
CMD ["python", "-m", "worker"]
