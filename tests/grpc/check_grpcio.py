#!/usr/bin/env python3
"""grpcio for Python and h2load against the built program: reflection, health, TLS, mutual TLS, certificate reload, load.

    tests/grpc/check_grpcio.py RATEGUARD
"""

import importlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import grpc

ROOT = Path(__file__).resolve().parents[2]
CONFIG = """
domain: web
descriptors:
  - key: user
    rate_limit: {unit: hour, requests_per_unit: 2}
"""
RLS = "envoy.service.ratelimit.v3.RateLimitService"
PATIENCE = 20


class Program:
    """`rateguard serve` with gRPC on a free port; ended with the block."""

    def __init__(self, path, *arguments):
        command = [path, "serve", "--http", "127.0.0.1:0", "--grpc", "127.0.0.1:0", "--resp", "off", *arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        line = self.process.stdout.readline()
        found = re.search(r"grpc=(127\.0\.0\.1:\d+)", line)
        assert found, f"the service did not start: {line!r}"
        self.target = found.group(1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def generate(folder):
    """Python code of the messages, from the .proto files alone."""
    files = [str(p.relative_to(ROOT / "proto")) for p in (ROOT / "proto").rglob("*.proto") if "grpc/" not in str(p)]
    for name in ("grpc/health/v1/health.proto", "grpc/reflection/v1/reflection.proto"):
        # Under another path, for `grpc` is the name of grpcio's own package.
        copy = folder / "src" / name.replace("grpc/", "rpc/")
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text((ROOT / "proto" / name).read_text())
        files.append(str(copy.relative_to(folder / "src")))
    out = folder / "out"
    out.mkdir()
    subprocess.run(["protoc", f"-I{ROOT / 'proto'}", f"-I{folder / 'src'}", f"--python_out={out}", *files], check=True)
    sys.path.insert(0, str(out))
    load = importlib.import_module
    return (load("envoy.service.ratelimit.v3.rls_pb2"), load("rpc.health.v1.health_pb2"),
            load("rpc.reflection.v1.reflection_pb2"))


def certificates(folder):
    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], check=True, capture_output=True, cwd=folder)

    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "ca.key", "-out",
            "ca.pem", "-subj", "/CN=ca", "-days", "2")
    (folder / "san").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    for name in ("server", "client", "second"):
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{name}.key", "-out",
                f"{name}.csr", "-subj", f"/CN={name}")
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out",
                f"{name}.pem", "-days", "2", "-extfile", "san")


def asking(rls, value):
    request = rls.RateLimitRequest(domain="web")
    request.descriptors.add().entries.add(key="user", value=value)
    return request


def should_rate_limit(channel, rls, request, **options):
    call = channel.unary_unary(f"/{RLS}/ShouldRateLimit", request_serializer=rls.RateLimitRequest.SerializeToString,
                               response_deserializer=rls.RateLimitResponse.FromString)
    return call(request, timeout=PATIENCE, **options)


def expect_error(code, function):
    try:
        function()
    except grpc.RpcError as error:
        assert error.code() == code, f"{error.code()} instead of {code}: {error.details()}"
        return error.details()
    raise AssertionError(f"no error, where {code} was due")


def check_calls(program, rls, health):
    with grpc.insecure_channel(program.target) as channel:
        codes = [should_rate_limit(channel, rls, asking(rls, "a")).overall_code for _ in range(3)]
        assert codes == [1, 1, 2], codes
        zipped = should_rate_limit(channel, rls, asking(rls, "b"), compression=grpc.Compression.Gzip)
        assert zipped.overall_code == 1
        text = expect_error(grpc.StatusCode.UNKNOWN, lambda: should_rate_limit(channel, rls, rls.RateLimitRequest()))
        assert text == "rate limit domain must not be empty", text
        unknown = channel.unary_unary("/a.B/C")
        expect_error(grpc.StatusCode.UNIMPLEMENTED, lambda: unknown(b"", timeout=PATIENCE))
        check = channel.unary_unary("/grpc.health.v1.Health/Check",
                                    request_serializer=health.HealthCheckRequest.SerializeToString,
                                    response_deserializer=health.HealthCheckResponse.FromString)
        assert check(health.HealthCheckRequest(service=RLS), timeout=PATIENCE).status == 1
        expect_error(grpc.StatusCode.NOT_FOUND,
                     lambda: check(health.HealthCheckRequest(service="x"), timeout=PATIENCE))


def check_reflection(program, reflection, version):
    from google.protobuf import descriptor_pb2, descriptor_pool

    with grpc.insecure_channel(program.target) as channel:
        call = channel.stream_stream(f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo",
                                     request_serializer=reflection.ServerReflectionRequest.SerializeToString,
                                     response_deserializer=reflection.ServerReflectionResponse.FromString)
        asked = [reflection.ServerReflectionRequest(list_services=""),
                 reflection.ServerReflectionRequest(file_containing_symbol=RLS),
                 reflection.ServerReflectionRequest(file_by_filename="no/such.proto")]
        services, files, missing = list(call(iter(asked), timeout=PATIENCE))
        assert RLS in [s.name for s in services.list_services_response.service]
        # Enough to build the service from nothing, as grpcurl does: imports come after who needs them.
        pool = descriptor_pool.DescriptorPool()
        for text in reversed(files.file_descriptor_response.file_descriptor_proto):
            pool.Add(descriptor_pb2.FileDescriptorProto.FromString(text))
        method = pool.FindServiceByName(RLS).methods_by_name["ShouldRateLimit"]
        assert method.input_type.fields_by_name["descriptors"].number == 2
        assert missing.error_response.error_code == 5


def check_tls(path, folder, rls):
    certificates(folder)
    for name in ("pem", "key"):
        (folder / f"live.{name}").write_bytes((folder / f"server.{name}").read_bytes())
    envoy = folder / "envoy.yaml"
    config = folder / "tls.yaml"
    config.write_text(f"listen: {{tls: {{certificate: {folder}/live.pem, key: {folder}/live.key, client_ca: {folder}/ca.pem}}}}\n"
                      f"envoy: {{config: {envoy}}}\n")
    read = lambda name: (folder / name).read_bytes()
    with Program(path, "--config", str(config)) as program:
        full = grpc.ssl_channel_credentials(read("ca.pem"), read("client.key"), read("client.pem"))
        with grpc.secure_channel(program.target, full) as channel:
            assert should_rate_limit(channel, rls, asking(rls, "tls")).overall_code == 1
        without = grpc.ssl_channel_credentials(read("ca.pem"))
        with grpc.secure_channel(program.target, without) as channel:
            expect_error(grpc.StatusCode.UNAVAILABLE, lambda: should_rate_limit(channel, rls, asking(rls, "tls")))
        for name in ("pem", "key"):
            (folder / f"live.{name}").write_bytes(read(f"second.{name}"))
        program.process.send_signal(signal.SIGHUP)
        wait_for(lambda: presented(program.target, folder) == "second")
        with grpc.secure_channel(program.target, full) as channel:
            assert should_rate_limit(channel, rls, asking(rls, "tls")).overall_code == 1


def presented(target, folder):
    """The name in the certificate that the server shows, which must speak h2."""
    run = subprocess.run(["openssl", "s_client", "-connect", target, "-alpn", "h2", "-cert", "client.pem", "-key",
                          "client.key"], input="", capture_output=True, text=True, cwd=folder)
    assert "ALPN protocol: h2" in run.stdout, run.stdout
    return re.search(r"subject=.*CN = (\w+)", run.stdout).group(1)


def wait_for(holds):
    for _ in range(200):
        if holds():
            return
        time.sleep(0.05)
    raise AssertionError("it did not come about")


def check_load(program, folder, rls):
    """Every call of h2load's is answered; what they say is looked at by the clients above."""
    message = asking(rls, "load").SerializeToString()
    body = folder / "body"
    body.write_bytes(b"\0" + len(message).to_bytes(4, "big") + message)
    run = subprocess.run(["h2load", "-n", "20000", "-c", "8", "-m", "32", "-d", str(body), "-H",
                          "content-type: application/grpc", "-H", "te: trailers",
                          f"http://{program.target}/{RLS}/ShouldRateLimit"], capture_output=True, text=True, check=True)
    assert "20000 succeeded, 0 failed, 0 errored, 0 timeout" in run.stdout, run.stdout


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__.strip())
    path = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rls, health, reflection = generate(folder)
        envoy = folder / "envoy.yaml"
        envoy.write_text(CONFIG)
        with Program(path, "--envoy-config", str(envoy)) as program:
            check_calls(program, rls, health)
            check_reflection(program, reflection, "v1")
            check_reflection(program, reflection, "v1alpha")
            check_load(program, folder, rls)
        check_tls(path, folder, rls)
    print("grpcio: all as it should be")


if __name__ == "__main__":
    main()
