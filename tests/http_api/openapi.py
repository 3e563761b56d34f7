"""docs/openapi.yaml as something to validate answers against."""

import re

import jsonschema
import yaml


class OpenApi:
    def __init__(self, path):
        self.document = yaml.safe_load(path.read_text())
        self.resolver = jsonschema.RefResolver("", self.document)

    def resolve(self, node):
        while isinstance(node, dict) and set(node) == {"$ref"}:
            node = self.resolver.resolve(node["$ref"])[1]
        return node

    def operations(self):
        """(method, path, operation); method "*" where the path takes any."""
        for path, item in self.document["paths"].items():
            for method in ("get", "post", "put", "delete", "patch"):
                if method in item:
                    yield ("*" if item.get("x-methods") == "any" else method.upper()), path, item[method]

    def operation(self, method, path):
        """The operation that serves a concrete path, and its pattern."""
        path = path.split("?")[0]
        for wanted in (method, "GET" if method == "HEAD" else method, "*"):
            for known, pattern, operation in self.operations():
                if known == wanted and re.fullmatch(self._regex(pattern), path):
                    return pattern, operation
        return None, None

    @staticmethod
    def _regex(pattern):
        out = ""
        for part in re.split(r"(\{\w+\})", pattern):
            if re.fullmatch(r"\{(key|path)\}", part):
                out += ".*"  # several segments
            else:
                out += "[^/]+" if part.startswith("{") else re.escape(part)
        return out

    def errors(self, schema, value):
        validator = jsonschema.Draft202012Validator(schema, resolver=self.resolver)
        return [f"{'/'.join(map(str, e.absolute_path)) or '(top)'}: {e.message}" for e in validator.iter_errors(value)]

    def check_document(self):
        """What is wrong with the file itself: schemas, and examples that break their own schema."""
        found = []
        for name, schema in self.document["components"]["schemas"].items():
            try:
                jsonschema.Draft202012Validator.check_schema(schema)
            except jsonschema.SchemaError as error:
                found.append(f"schema {name}: {error.message}")
        for method, path, operation in self.operations():
            contents = [("request", operation.get("requestBody", {}).get("content", {}))]
            for status, response in operation["responses"].items():
                contents.append((status, self.resolve(response).get("content", {})))
            for where, content in contents:
                for media in content.values():
                    for example, holder in media.get("examples", {}).items():
                        for error in self.errors(media["schema"], holder["value"]):
                            found.append(f"{method} {path}: example {where}/{example}: {error}")
        return found
