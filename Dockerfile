# The service on the light runtime, without PyTorch:
#   docker build --tag charseq-service .
#   docker run --rm --publish 8000:8000 --volume "$PWD:/models:ro" charseq-service /models/model.onnx
FROM python:3.11-slim AS build
COPY . /source
RUN sh /source/docker/install.sh /source /opt/charseq

FROM python:3.11-slim
COPY --from=build /opt/charseq /opt/charseq
USER 65534:65534
EXPOSE 8000
HEALTHCHECK CMD ["/opt/charseq/bin/python", "-c", \
	"import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=3)"]
# The container's own address is its network's: who reaches it is for `docker run` to say.
ENTRYPOINT ["/opt/charseq/bin/charseq", "serve", "--host", "0.0.0.0"]
CMD ["/models/model.onnx"]
