"""The page behind a presigned address: who came in, and what is running."""

from html import escape

from moto.sagemaker.models import sagemaker_backends
from werkzeug.wrappers import Response

from studioctl.emulator.backends import each
from studioctl.emulator.studio.models import StudioBackend
from studioctl.emulator.studio.models.session import Grant

TEMPLATE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>SageMaker Studio (emulator)</title></head>
<body>
<h1>SageMaker Studio, rehearsed on this machine</h1>
<dl>
{rows}
</dl>
</body>
</html>
"""


def open_studio(domain_id: str, token: str) -> Response:
    """Redeem a token: 200 with the page once, 403 afterwards or when it is too old."""
    for _, backend in each(sagemaker_backends):
        if isinstance(backend, StudioBackend) and domain_id in backend.studio_domains:
            grant = backend.redeem(token)
            if grant is not None:
                return Response(_page(backend, grant), content_type="text/html; charset=utf-8")
    return Response("This address has expired or was used before.\n", 403, content_type="text/plain")


def _page(backend: StudioBackend, grant: Grant) -> str:
    domain = backend.studio_domains[grant.domain_id]
    facts = [
        ("Domain", f"{domain.name} ({domain.domain_id})"),
        ("User profile", grant.profile_name),
        ("Space", grant.space_name or "none chosen"),
        ("Opens", grant.landing_uri or domain.default_user_settings["DefaultLandingUri"]),
    ]
    facts += [
        (f"App {app.name} ({app.app_type})", app.status)
        for app in backend.apps.values()
        if app.domain_id == grant.domain_id and grant.space_name in {None, app.space_name}
    ]
    rows = "\n".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts)
    return TEMPLATE.format(rows=rows)
