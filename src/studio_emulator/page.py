"""The page behind a presigned address: which space it opened, and how it is."""

from html import escape

from moto.sagemaker.models import sagemaker_backends
from werkzeug.wrappers import Response

from studio_emulator.backends import each
from studio_emulator.studio.models import StudioBackend
from studio_emulator.studio.models.app import App
from studio_emulator.studio.models.session import Grant

STYLE = """
:root { color-scheme: light dark; }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; background: Canvas; color: CanvasText; }
.bar { margin: 0; padding: .6rem 2rem; background: #7a4b00; color: #fff; }
main { max-width: 44rem; margin: 3rem auto; padding: 0 2rem; }
h1 { margin: 0; font-size: 2rem; overflow-wrap: anywhere; }
.state { margin: .25rem 0 2rem; font-size: 1.1rem; }
.state b { padding: .1rem .6rem; border: 2px solid currentColor; border-radius: 1rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .5rem 2rem; margin: 0; }
dt { opacity: .75; }
dd { margin: 0; overflow-wrap: anywhere; }
footer { margin-top: 2.5rem; opacity: .75; }
"""

TEMPLATE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title} (rehearsal)</title>
<style>{style}</style>
</head>
<body>
<p class="bar" role="status">A rehearsal on this machine: nothing here is on AWS, and nothing costs money.</p>
<main>
<h1>{title}</h1>
<p class="state">{editor} is <b>{state}</b></p>
<dl>
{rows}
</dl>
<footer>On AWS, {editor} itself would open here. This address worked once; for another: <code>studioctl open \
{space} --local</code></footer>
</main>
</body>
</html>
"""
# Nothing but the page itself: no script, no picture, no frame around it.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
}


def open_studio(domain_id: str, token: str) -> Response:
    """Redeem a token: 200 with the page once, 403 afterwards or when it is too old."""
    for _, backend in each(sagemaker_backends):
        if isinstance(backend, StudioBackend) and domain_id in backend.studio_domains:
            grant = backend.redeem(token)
            if grant is not None:
                return Response(_page(backend, grant), headers=HEADERS, content_type="text/html; charset=utf-8")
    return Response("This address has expired or was used before.\n", 403, content_type="text/plain")


def sign_in(domain_id: str) -> Response:
    """The sign-in page for IAM Identity Center: the rehearsal has nobody's password, and says so."""
    for _, backend in each(sagemaker_backends):
        domain = backend.studio_domains.get(domain_id) if isinstance(backend, StudioBackend) else None
        if domain is not None and domain.auth_mode == "SSO":
            text = f"A rehearsal: on AWS the users of {domain.name} would sign in with IAM Identity Center here.\n"
            return Response(text, headers=HEADERS, content_type="text/plain; charset=utf-8")
    return Response("There is no such domain of IAM Identity Center.\n", 404, content_type="text/plain")


def _page(backend: StudioBackend, grant: Grant) -> str:
    space = backend.spaces.get((grant.domain_id, grant.space_name or ""))
    kind = (space.app_type if space else None) or "CodeEditor"
    app = _editor(backend, grant, kind)
    rows = "\n".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in _facts(backend, grant, app))
    return TEMPLATE.format(
        style=STYLE,
        title=escape(grant.space_name or "SageMaker Studio"),
        state=escape(app.status if app and app.status != "Deleted" else "Stopped"),
        rows=rows,
        space=escape(grant.space_name or ""),
        editor=escape({"CodeEditor": "Code Editor"}.get(kind, kind)),
    )


def _editor(backend: StudioBackend, grant: Grant, kind: str) -> App | None:
    return next(
        (
            app
            for app in backend.apps.values()
            if (app.domain_id, app.space_name, app.app_type) == (grant.domain_id, grant.space_name, kind)
        ),
        None,
    )


def _facts(backend: StudioBackend, grant: Grant, app: App | None) -> list[tuple[str, str]]:
    domain = backend.studio_domains[grant.domain_id]
    facts: list[tuple[str, str]] = [
        ("Domain", f"{domain.name} ({domain.domain_id})"),
        ("Region", backend.region_name),
        ("Signed in as", grant.profile_name),
    ]
    space = backend.spaces.get((grant.domain_id, grant.space_name or ""))
    if space is not None and space.volume_gb:
        facts.append(("Volume", f"{space.volume_gb} GB"))
    if app is not None and app.status != "Deleted":
        spec = app.resource_spec
        facts += [
            ("Failed because", app.failure_reason or ""),
            ("Instance", spec.get("InstanceType", "")),
            ("Image", str(spec.get("SageMakerImageVersionArn") or spec.get("SageMakerImageArn"))),
            ("Lifecycle script", spec.get("LifecycleConfigArn", "none")),
            ("Started", f"{app.creation_time:%Y-%m-%d %H:%M:%S} UTC"),
        ]
    facts.append(("Opens", grant.landing_uri or str(domain.default_user_settings["DefaultLandingUri"])))
    return [(name, value) for name, value in facts if value]
