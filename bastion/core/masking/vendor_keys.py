"""Detectors of vendors' keys: a prefix that says whose key it is, and a body of a known alphabet.

One line each: id, title, anchors, body (after the anchor), and a sample body. The prefix stays shown;
the body is masked to its end. Formats as the vendors publish them.
"""

from __future__ import annotations

from bastion.core.masking.detector import Detector

_A = "A1b2C3d4E5F6g7H8i9J0k1L2m3N4o5P6q7R8s9T0u1V2w3X4y5Z6"
_H = "0123456789abcdef" * 8
_U = "A1B2C3D4E5F6G7H8I9J0"
_Row = tuple[str, str, tuple[str, ...], str, str]

_ROWS: tuple[_Row, ...] = (
    ("aws-key-id", "AWS access key id", ("AKIA", "ASIA", "ABIA", "ACCA"), "([A-Z0-9]{16,})", _U[:16]),
    ("gcp-api-key", "Google API key", ("AIza",), r"([\w\-]{35,})", _A[:35]),
    ("gcp-oauth", "Google OAuth access token", ("ya29.",), r"([\w\-.]{20,})", _A[:40]),
    ("gcp-secret", "Google OAuth client secret", ("GOCSPX-",), r"([\w\-]{20,})", _A[:28]),
    ("github", "GitHub token", ("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), r"([A-Za-z0-9_]{36,})", _A[:36]),
    ("github-pat", "GitHub fine-grained token", ("github_pat_",), r"(\w{30,})", _A[:40]),
    ("gitlab", "GitLab token", ("glpat-", "gldt-", "glrt-", "glptt-", "glft-", "glsoat-", "glcbt-", "glimt-", "glagent-", "gloas-"), r"([\w\-.]{20,})", _A[:20]),  # noqa: E501 - one row, one line
    ("slack", "Slack token", ("xoxb-", "xoxp-", "xoxa-", "xoxr-", "xoxs-", "xoxe-", "xoxe.", "xapp-"), r"([A-Za-z0-9.\-]{10,})", _A[:30]),  # noqa: E501 - one row, one line
    ("slack-webhook", "Slack webhook", ("hooks.slack.com/services/", "hooks.slack.com/workflows/"), r"([A-Za-z0-9/]{20,})", _A[:40]),  # noqa: E501 - one row, one line
    ("stripe", "Stripe key", ("sk_live_", "rk_live_", "sk_test_", "rk_test_", "whsec_"), r"(\w{16,})", _A[:24]),  # noqa: E501 - one row, one line
    ("twilio", "Twilio key or account", ("SK", "AC"), "([0-9a-f]{32,})", _H[:32]),
    ("sendgrid", "SendGrid key", ("SG.",), r"([\w\-]{16,})\.([\w\-]{20,})", _A[:22] + "." + _A[:43]),
    ("mailgun", "Mailgun key", ("key-",), "([0-9a-f]{32,})", _H[:32]),
    ("mailchimp", "Mailchimp transactional key", ("md-",), r"([\w\-]{22,})", _A[:22]),
    ("npm", "npm token", ("npm_",), "([A-Za-z0-9]{36,})", _A[:36]),
    ("pypi", "PyPI token", ("pypi-AgEI",), r"([\w\-]{50,})", _A[:50]),
    ("rubygems", "RubyGems key", ("rubygems_",), "([0-9a-f]{48,})", _H[:48]),
    ("crates", "crates.io token", ("cio",), "([A-Za-z0-9]{32,})", _A[:32]),
    ("docker-hub", "Docker Hub token", ("dckr_pat_", "dckr_oat_"), r"([\w\-]{20,})", _A[:27]),
    ("openai", "OpenAI key", ("sk-proj-", "sk-svcacct-", "sk-admin-"), r"([\w\-]{20,})", _A[:48]),
    ("openai-old", "OpenAI style key", ("sk-",), "([A-Za-z0-9]{32,})", _A[:48]),
    ("anthropic", "Anthropic key", ("sk-ant-",), r"([\w\-]{20,})", _A[:48]),
    ("huggingface", "Hugging Face token", ("hf_", "api_org_"), "([A-Za-z0-9]{30,})", _A[:34]),
    ("groq", "Groq key", ("gsk_",), "([A-Za-z0-9]{40,})", _A[:50]),
    ("replicate", "Replicate token", ("r8_",), "([A-Za-z0-9]{30,})", _A[:37]),
    ("xai", "xAI key", ("xai-",), "([A-Za-z0-9]{40,})", _A[:50]),
    ("perplexity", "Perplexity key", ("pplx-",), "([A-Za-z0-9]{32,})", _A[:48]),
    ("databricks", "Databricks token", ("dapi", "dkea", "dsapi"), "([0-9a-f]{32,})", _H[:32]),
    ("digitalocean", "DigitalOcean token", ("dop_v1_", "doo_v1_", "dor_v1_"), "([0-9a-f]{40,})", _H[:64]),
    ("heroku", "Heroku key", ("HRKU-",), r"([\w\-]{30,})", _A[:40]),
    ("fly", "Fly.io token", ("FlyV1 ", "fm1_", "fm2_", "fo1_"), r"([\w\-+/=,]{30,})", _A[:43]),
    ("netlify", "Netlify token", ("nfp_", "nfc_", "nfo_"), "([A-Za-z0-9]{30,})", _A[:36]),
    ("vercel", "Vercel token", ("vcp_", "vci_", "vca_"), "([A-Za-z0-9]{24,})", _A[:24]),
    ("cloudflare-ca", "Cloudflare origin CA key", ("v1.0-",), "([0-9a-f]{20,}-?[0-9a-f]{20,})", _H[:24] + "-" + _H[:32]),  # noqa: E501 - one row, one line
    ("shopify", "Shopify token", ("shpat_", "shpca_", "shppa_", "shpss_"), "([0-9a-fA-F]{32,})", _H[:32]),
    ("square", "Square token", ("sq0atp-", "sq0csp-", "EAAAl"), r"([\w\-]{22,})", _A[:43]),
    ("braintree", "Braintree token", ("access_token$production$", "access_token$sandbox$"), r"([0-9a-z$]{24,})", _H[:16] + "$" + _H[:32]),  # noqa: E501 - one row, one line
    ("razorpay", "Razorpay key", ("rzp_live_", "rzp_test_"), r"(\w{14,})", _A[:14]),
    ("flutterwave", "Flutterwave key", ("FLWSECK-", "FLWSECK_TEST-"), r"([\w\-]{12,})", _A[:32]),
    ("paystack", "Paystack key", ("sk_paystack_",), r"(\w{16,})", _A[:40]),
    ("adyen", "Adyen key", ("AQE",), r"([A-Za-z0-9+/=\-]{80,})", _A + _A),
    ("plaid", "Plaid token", ("access-production-", "access-sandbox-", "access-development-"), r"([0-9a-f\-]{36,})", "01234567-89ab-cdef-0123-456789abcdef"),  # noqa: E501 - one row, one line
    ("grafana", "Grafana token", ("glsa_", "glc_"), r"([A-Za-z0-9_+/=]{32,})", _A[:41]),
    ("newrelic", "New Relic key", ("NRAK-", "NRIQ-", "NRAL-", "NRJS-", "NRRA-", "NRII-"), r"([\w\-]{19,})", _A[:27]),  # noqa: E501 - one row, one line
    ("dynatrace", "Dynatrace token", ("dt0c01.", "dt0s01."), r"([A-Z0-9]{24,}[.A-Z0-9]*)", _U + _U),
    ("sentry", "Sentry token", ("sntrys_", "sntryu_"), r"([\w+/=]{40,})", _A),
    ("datadog", "Datadog key", ("ddp_", "dda_"), "([A-Za-z0-9]{30,})", _A[:34]),
    ("honeycomb", "Honeycomb key", ("hcaik_", "hcbik_", "hcxik_", "hcalk_", "hcxlk_"), "([0-9a-z]{26,})", _H[:58]),  # noqa: E501 - one row, one line
    ("postman", "Postman key", ("PMAK-",), r"([0-9a-f\-]{40,})", _H[:24] + "-" + _H[:34]),
    ("linear", "Linear key", ("lin_api_", "lin_oauth_"), "([A-Za-z0-9]{32,})", _A[:40]),
    ("notion", "Notion token", ("secret_", "ntn_"), "([A-Za-z0-9]{40,})", _A[:43]),
    ("airtable", "Airtable token", ("pat",), r"([A-Za-z0-9]{14})\.([0-9a-f]{60,})", _A[:14] + "." + _H[:64]),
    ("asana", "Asana token", ("1/", "2/"), r"(\d{15,}[/:][0-9a-f]{32,})", "1234567890123456:" + _H[:32]),
    ("atlassian", "Atlassian token", ("ATATT3", "ATCTT3", "ATBB"), r"([\w\-=+/]{20,})", _A),
    ("figma", "Figma token", ("figd_", "figo_"), r"([\w\-]{30,})", _A[:40]),
    ("doppler", "Doppler token", ("dp.pt.", "dp.st.", "dp.ct.", "dp.sa.", "dp.scim.", "dp.audit."), r"([A-Za-z0-9._\-]{20,})", _A[:43]),  # noqa: E501 - one row, one line
    ("vault", "Vault token", ("hvs.", "hvb.", "hvr."), r"([\w\-]{20,})", _A),
    ("terraform", "Terraform Cloud token", (".atlasv1.",), r"([\w\-]{30,})", _A + _A[:16]),
    ("pulumi", "Pulumi token", ("pul-",), "([0-9a-f]{40,})", _H[:40]),
    ("onepassword", "1Password service token", ("ops_eyJ", "A3-"), r"([A-Za-z0-9+/=\-_]{30,})", _A),
    ("age", "age secret key", ("AGE-SECRET-KEY-1",), "([A-Z0-9]{30,})", _U + _U + _U[:18]),
    ("tailscale", "Tailscale key", ("tskey-auth-", "tskey-api-", "tskey-client-", "tskey-scim-", "tskey-webhook-"), r"([\w\-]{12,})", _A[:30]),  # noqa: E501 - one row, one line
    ("ngrok", "ngrok token", ("ngrok_",), r"(\w{30,})", _A[:40]),
    ("telegram", "Telegram bot token", ("bot",), r"(\d{8,10}:[\w\-]{35,})", "123456789:" + _A[:35]),
    ("discord-webhook", "Discord webhook", ("discord.com/api/webhooks/", "discordapp.com/api/webhooks/"), r"(\d{17,20}/[\w\-]{40,})", "12345678901234567/" + _A),  # noqa: E501 - one row, one line
    ("teams-webhook", "Teams webhook", (".webhook.office.com/webhookb2/",), r"([\w\-@/]{36,})", _A),
    ("facebook", "Facebook token", ("EAACEdEose0cBA", "EAAC"), "([A-Za-z0-9]{40,})", _A),
    ("intercom", "Intercom token", ("dG9rO",), "([A-Za-z0-9+/=_]{40,})", _A),
    ("hubspot", "HubSpot token", ("pat-na1-", "pat-na2-", "pat-eu1-"), r"([0-9a-f\-]{36,})", "01234567-89ab-cdef-0123-456789abcdef"),  # noqa: E501 - one row, one line
    ("zapier-webhook", "Zapier webhook", ("hooks.zapier.com/hooks/catch/",), r"([A-Za-z0-9/]{10,})", _A[:16]),
    ("buildkite", "Buildkite token", ("bkua_", "bkct_"), "([0-9a-z]{32,})", _H[:40]),
    ("circleci", "CircleCI token", ("CCIPAT_", "CCIPRJ_"), r"(\w{30,})", _A),
    ("sonar", "SonarQube token", ("sqp_", "squ_", "sqa_"), "([0-9a-z]{40,})", _H[:40]),
    ("artifactory", "Artifactory key or token", ("AKCp", "cmVmdGtuO"), r"([A-Za-z0-9+/=]{40,})", _A + _A[:20]),  # noqa: E501 - one row, one line
    ("planetscale", "PlanetScale credential", ("pscale_pw_", "pscale_tkn_", "pscale_oauth_"), r"([\w\-.=]{20,})", _A[:43]),  # noqa: E501 - one row, one line
    ("supabase", "Supabase key", ("sbp_", "sb_secret_"), r"([\w\-]{20,})", _H[:40]),
    ("launchdarkly", "LaunchDarkly key", ("sdk-", "api-", "mob-"), "([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})", "01234567-89ab-cdef-0123-456789abcdef"),  # noqa: E501 - one row, one line
    ("azure-storage", "Azure storage key", ("AccountKey=", "SharedAccessKey="), "([A-Za-z0-9+/]{40,}={0,2})", _A + "=="),  # noqa: E501 - one row, one line
    ("azure-sas", "Azure SAS signature", ("&sig=", "?sig="), "([A-Za-z0-9%+/=]{40,})", _A),
    ("azure-client", "Azure client secret", ("8Q~",), r"([\w.~\-]{31,})", _A[:34]),
    ("contentful", "Contentful token", ("CFPAT-",), r"([\w\-]{40,})", _A),
    ("prefect", "Prefect key", ("pnu_", "pnb_"), "([A-Za-z0-9]{36,})", _A[:36]),
    ("readme", "ReadMe key", ("rdme_",), "([a-z0-9]{60,})", _H[:70]),
    ("typeform", "Typeform token", ("tfp_",), r"([\w\-.=]{40,})", _A + _A[:7]),
    ("clojars", "Clojars token", ("CLOJARS_",), "([a-z0-9]{50,})", _H[:60]),
    ("duffel", "Duffel token", ("duffel_test_", "duffel_live_"), r"([\w\-=]{40,})", _A),
    ("easypost", "EasyPost key", ("EZAK", "EZTK"), "([A-Za-z0-9]{50,})", _A + _A),
    ("frameio", "Frame.io token", ("fio-u-",), r"([\w\-=]{50,})", _A + _A[:12]),
    ("sourcegraph", "Sourcegraph token", ("sgp_",), r"([0-9a-f_]{40,})", _H[:40]),
    ("expo", "Expo token", ("expo_pat_",), r"([\w\-]{30,})", _A),
)  # fmt: skip


def _row(row: _Row) -> Detector:
    name, title, anchors, body, sample = row
    lead = 4 if min(map(len, anchors)) <= 4 else 0
    return Detector(
        id=name,
        title=title,
        anchors=tuple(anchor.encode() for anchor in anchors),
        patterns=(body.encode(),),
        before=b"" if not anchors[0][:1].isalnum() else b"A-Za-z0-9",
        lead=lead,
        first=lead,
        positive=tuple((anchor + sample).encode() for anchor in anchors),
        negative=(
            b"see " + anchors[0].encode() + b" !",
            b"x" + anchors[0].encode() + sample.encode()[:4] + b" ",
        ),
    )


VENDOR_KEYS: tuple[Detector, ...] = tuple(_row(row) for row in _ROWS)
