"""Detectors of vendors' keys: a prefix that says whose key it is, and a body of a known alphabet.

One line each: id, title, anchors, body (after the anchor), and a sample body. The prefix stays shown;
the body is masked to its end. Formats as the vendors publish them.
"""

from __future__ import annotations

from bastion.core.masking.detector import Detector

_A = "A1b2C3d4E5F6g7H8i9J0k1L2m3N4o5P6q7R8s9T0u1V2w3X4y5Z6"
_H = "0123456789abcdef" * 8
_U = "A1B2C3D4E5F6G7H8I9J0"
_Row = tuple[str, str, tuple[str, ...], str | tuple[str, ...], str]

_ROWS: tuple[_Row, ...] = (
    ("aws-key-id", "AWS access key id, and the secret key behind it", ("AKIA", "ASIA", "ABIA", "ACCA", "A3TX"), ("([A-Z0-9]{16,})", r"([A-Z0-9]{16})[ ,\t:|;\"'\r\n]{1,8}([A-Za-z0-9+/]{40})"), _U[:16]),  # noqa: E501 - one row, one line
    ("aws-bedrock", "Amazon Bedrock API key", ("ABSK", "bedrock-api-key-"), "([A-Za-z0-9+/=]{40,})", _A + _A),
    ("gcp-api-key", "Google API key", ("AIza",), r"([\w\-]{35,})", _A[:35]),
    ("gcp-oauth", "Google OAuth access token", ("ya29.",), r"([\w\-.]{20,})", _A[:40]),
    ("gcp-secret", "Google OAuth client secret", ("GOCSPX-",), r"([\w\-]{20,})", _A[:28]),
    ("github", "GitHub token", ("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), r"([A-Za-z0-9_]{36,})", _A[:36]),
    ("github-pat", "GitHub fine-grained token", ("github_pat_",), r"(\w{30,})", _A[:40]),
    ("gitlab", "GitLab token", ("glpat-", "gldt-", "glrt-", "glptt-", "glft-", "glsoat-", "glcbt-", "glimt-", "glagent-", "gloas-", "glffct-", "glwt-", "glrtr-", "GR1348941"), r"([\w\-.]{20,})", _A[:20]),  # noqa: E501 - one row, one line
    ("slack", "Slack token", ("xoxb-", "xoxp-", "xoxa-", "xoxr-", "xoxs-", "xoxo-", "xoxc-", "xoxd-", "xoxe-", "xoxe.", "xapp-", "xwfp-"), r"([A-Za-z0-9.%/+=\-]{10,})", _A[:30]),  # noqa: E501 - one row, one line
    ("slack-webhook", "Slack webhook", ("hooks.slack.com/services/", "hooks.slack.com/workflows/", "hooks.slack.com/triggers/"), r"([A-Za-z0-9/]{20,})", _A[:40]),  # noqa: E501 - one row, one line
    ("stripe", "Stripe key", ("sk_live_", "rk_live_", "sk_test_", "rk_test_", "sk_prod_", "rk_prod_", "sk_org_", "whsec_"), r"(\w{16,})", _A[:24]),  # noqa: E501 - one row, one line
    ("twilio", "Twilio key or account", ("SK", "AC"), "([0-9a-f]{32,})", _H[:32]),
    ("sendgrid", "SendGrid key", ("SG.",), r"([\w\-]{16,})\.([\w\-]{20,})", _A[:22] + "." + _A[:43]),
    ("mailgun", "Mailgun key", ("key-",), "([0-9a-f]{32,})", _H[:32]),
    ("mailchimp", "Mailchimp transactional key", ("md-",), r"([\w\-]{22,})", _A[:22]),
    ("npm", "npm token", ("npm_",), "([A-Za-z0-9]{36,})", _A[:36]),
    ("pypi", "PyPI token", ("pypi-AgEI", "pypi-AgEN"), r"([\w\-]{50,})", _A[:50]),
    ("rubygems", "RubyGems key", ("rubygems_",), "([0-9a-f]{48,})", _H[:48]),
    ("crates", "crates.io token", ("cio",), "([A-Za-z0-9]{32,})", _A[:32]),
    ("docker-hub", "Docker Hub token", ("dckr_pat_", "dckr_oat_"), r"([\w\-]{20,})", _A[:27]),
    ("openai", "OpenAI key", ("sk-proj-", "sk-svcacct-", "sk-admin-", "sk-None-"), r"([\w\-]{20,})", _A[:48]),
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
    ("fly", "Fly.io token", ("FlyV1 ", "fm1a_", "fm1r_", "fm2_", "fo1_"), r"([\w\-+/=,]{30,})", _A[:43]),
    ("netlify", "Netlify token", ("nfp_", "nfc_", "nfo_"), "([A-Za-z0-9]{30,})", _A[:36]),
    ("vercel", "Vercel token", ("vcp_", "vci_", "vca_"), "([A-Za-z0-9]{24,})", _A[:24]),
    ("cloudflare", "Cloudflare API token", ("cfut_", "cfat_", "cfk_"), r"(\w{30,})", _A[:48]),
    ("cloudflare-ca", "Cloudflare origin CA key", ("v1.0-",), "([0-9a-f]{20,}-?[0-9a-f]{20,})", _H[:24] + "-" + _H[:32]),  # noqa: E501 - one row, one line
    ("shopify", "Shopify token", ("shpat_", "shpca_", "shppa_", "shpss_", "shpua_", "shptka_"), "([0-9a-fA-F]{32,})", _H[:32]),  # noqa: E501 - one row, one line
    ("square", "Square token", ("sq0atp-", "sq0csp-", "EAAA"), r"([\w\-]{22,})", _A[:43]),
    ("braintree", "Braintree token", ("access_token$production$", "access_token$sandbox$"), r"([0-9a-z$]{24,})", _H[:16] + "$" + _H[:32]),  # noqa: E501 - one row, one line
    ("razorpay", "Razorpay key", ("rzp_live_", "rzp_test_"), r"(\w{14,})", _A[:14]),
    ("flutterwave", "Flutterwave key", ("FLWSECK-", "FLWSECK_TEST-"), r"([\w\-]{12,})", _A[:32]),
    ("paystack", "Paystack key", ("sk_paystack_",), r"(\w{16,})", _A[:40]),
    ("adyen", "Adyen key", ("AQE", "AQF"), r"([A-Za-z0-9]hmf[A-Za-z0-9+/=\-]{76,})", "yhmf" + _A + _A),
    ("plaid", "Plaid token", ("access-production-", "access-sandbox-", "access-development-"), r"([0-9a-f\-]{36,})", "01234567-89ab-cdef-0123-456789abcdef"),  # noqa: E501 - one row, one line
    ("grafana", "Grafana token", ("glsa_", "glc_"), r"([A-Za-z0-9_+/=]{32,})", _A[:41]),
    ("newrelic", "New Relic key", ("NRAK-", "NRIQ-", "NRAL-", "NRJS-", "NRRA-", "NRII-"), r"([\w\-]{19,})", _A[:27]),  # noqa: E501 - one row, one line
    ("dynatrace", "Dynatrace token", ("dt0c01.", "dt0s01."), r"([A-Z0-9]{24,}[.A-Z0-9]*)", _U + _U),
    ("sentry", "Sentry token", ("sntrys_", "sntryu_"), r"([\w+/=]{40,})", _A),
    ("deno", "Deno Deploy token", ("ddp_", "ddw_", "ddo_"), "([A-Za-z0-9]{30,})", _A[:36]),
    ("honeycomb", "Honeycomb key", ("hcaik_", "hcbik_", "hcxik_", "hcalk_", "hcxlk_"), "([0-9a-z]{26,})", _H[:58]),  # noqa: E501 - one row, one line
    ("postman", "Postman key", ("PMAK-",), r"([0-9a-f\-]{40,})", _H[:24] + "-" + _H[:34]),
    ("linear", "Linear key", ("lin_api_", "lin_oauth_"), "([A-Za-z0-9]{32,})", _A[:40]),
    ("notion", "Notion token", ("secret_", "ntn_"), "([A-Za-z0-9]{40,})", _A[:43]),
    ("airtable", "Airtable token", ("pat",), r"([A-Za-z0-9]{14})\.([0-9a-f]{60,})", _A[:14] + "." + _H[:64]),
    ("asana", "Asana token", ("0/", "1/", "2/"), (r"(\d{15,}[/:][0-9a-f]{32,})", r"(\d{15,}/\d{15,}:[0-9a-f]{32,})"), "1234567890123456:" + _H[:32]),  # noqa: E501 - one row, one line
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
    ("launchdarkly", "LaunchDarkly key", ("sdk-", "api-", "mob-"), "([0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12})", "01234567-89ab-4def-8123-456789abcdef"),  # noqa: E501 - one row, one line
    ("azure-storage", "Azure storage key", ("AccountKey=", "SharedAccessKey="), "([A-Za-z0-9+/]{40,}={0,2})", _A + "=="),  # noqa: E501 - one row, one line
    ("azure-sas", "Azure SAS signature", ("&sig=", "?sig="), "([A-Za-z0-9%+/=]{40,})", _A),
    ("azure-client", "Azure client secret", ("6Q~", "7Q~", "8Q~", "9Q~"), r"([\w.~\-]{31,})", _A[:34]),
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
    ("gcp-refresh", "Google OAuth refresh token", ("1//0",), r"([\w\-]{40,})", _A),
    ("grafana-old", "Grafana API key of the first kind", ("eyJrIjoi",), "([A-Za-z0-9]{40,}={0,2})", _A),
    ("openrouter", "OpenRouter key", ("sk-or-v1-",), "([0-9a-f]{40,})", _H[:64]),
    ("langfuse", "Langfuse key", ("sk-lf-",), r"([0-9a-f\-]{36})", "01234567-89ab-4def-8123-456789abcdef"),
    ("langsmith", "LangSmith key", ("lsv2_pt_", "lsv2_sk_"), "([0-9a-f]{32}_[0-9a-f]{8,})", _H[:32] + "_" + _H[:10]),  # noqa: E501 - one row, one line
    ("nvidia", "NVIDIA key", ("nvapi-",), r"([\w\-]{40,})", _A),
    ("pinecone", "Pinecone key", ("pcsk_",), r"(\w{40,})", _A),
    ("tavily", "Tavily key", ("tvly-",), r"([\w\-]{20,})", _A[:32]),
    ("jina", "Jina key", ("jina_",), r"([\w\-]{30,})", _A),
    ("cerebras", "Cerebras key", ("csk-",), "([a-z0-9]{40,})", _H[:48]),
    ("together", "Together key", ("tgp_v1_",), r"([\w\-]{30,})", _A[:43]),
    ("elevenlabs", "ElevenLabs key", ("sk_",), "([0-9a-f]{48,})", _H[:48]),
    ("resend", "Resend key", ("re_",), "([A-Za-z0-9]{8})_([A-Za-z0-9]{20,})", _A[:8] + "_" + _A[:24]),
    ("brevo", "Brevo key", ("xkeysib-", "xsmtpsib-"), r"([0-9a-f]{64}-[A-Za-z0-9]{16})", _H[:64] + "-" + _A[:16]),  # noqa: E501 - one row, one line
    ("alibaba", "Alibaba Cloud access key id", ("LTAI",), "([A-Za-z0-9]{12,})", _A[:20]),
    ("tencent", "Tencent Cloud secret id", ("AKID",), "([A-Za-z0-9]{32,})", _A[:32]),
    ("yandex", "Yandex Cloud key", ("AQVN", "YCAJE", "YCPJ"), r"([\w\-]{30,})", _A[:36]),
    ("openshift", "OpenShift token", ("sha256~",), r"([\w\-]{43})", _A[:43]),
    ("rancher", "Rancher token", ("token-", "kubeconfig-"), "[a-z0-9\\-]{4,40}:([a-z0-9]{54})", "a1b2c:" + _H[:54]),  # noqa: E501 - one row, one line
    ("scalingo", "Scalingo token", ("tk-us-",), r"([\w\-]{48})", _A[:48]),
    ("harness", "Harness token", ("pat.", "sat."), r"([\w\-]{22}\.[A-Za-z0-9]{24}\.[A-Za-z0-9]{20})", f"{_A[:22]}.{_A[:24]}.{_A[:20]}"),  # noqa: E501 - one row, one line
    ("octopus", "Octopus Deploy key", ("API-",), "([A-Z0-9]{26,})", _U + _U[:6]),
    ("nuget", "NuGet key", ("oy2",), "([a-z0-9]{43})", _H[:43]),
    ("infracost", "Infracost key", ("ico-",), "([A-Za-z0-9]{32})", _A[:32]),
    ("shippo", "Shippo key", ("shippo_live_", "shippo_test_"), "([0-9a-fA-F]{40})", _H[:40]),
    ("settlemint", "SettleMint token", ("sm_aat_", "sm_pat_", "sm_sat_"), "([A-Za-z0-9]{16,})", _A[:16]),
    ("clickhouse", "ClickHouse Cloud key", ("4b1d",), "([A-Za-z0-9]{38})", _A[:38]),
    ("adobe", "Adobe client secret", ("p8e-",), "([A-Za-z0-9]{32})", _A[:32]),
    ("adafruit", "Adafruit IO key", ("aio_",), "([A-Za-z0-9]{28})", _A[:28]),
    ("dropbox", "Dropbox token", ("sl.",), r"([\w\-]{100,})", _A + _A),
    ("defined", "Defined Networking key", ("dnkey-",), r"([\w=\-]{60,})", _A + _A[:20]),
    ("zuplo", "Zuplo key", ("zpka_",), r"(\w{32,})", _A[:40]),
    ("rootly", "Rootly key", ("rootly_",), "([0-9a-f]{40,})", _H[:64]),
    ("neon", "Neon key", ("napi_",), "([a-z0-9]{40,})", _H[:64]),
    ("render", "Render key", ("rnd_",), "([A-Za-z0-9]{28,})", _A[:28]),
    ("fastly", "Fastly token", ("fastly_",), r"([\w\-]{32,})", _A[:32]),
    ("buildkit", "Buildkite agent token", ("bkaj_", "bkat_"), r"([\w\-.]{32,})", _A[:40]),
    ("packagist", "Private Packagist token", ("packagist_ort_", "packagist_uut_", "packagist_out_"), "([0-9a-f]{40,})", _H[:68]),  # noqa: E501 - one row, one line
    ("runpod", "RunPod key", ("rpa_",), "([A-Z0-9]{40,})", _U + _U + _U[:5]),
    ("vercel-blob", "Vercel Blob token", ("vercel_blob_rw_",), r"(\w{30,})", _A[:48]),
    ("influx-token", "InfluxDB token", ("apiv3_",), r"([\w\-]{40,})", _A),
)  # fmt: skip

_ANYWHERE = frozenset(("azure-client", "azure-storage"))


def _row(row: _Row) -> Detector:
    name, title, anchors, body, sample = row
    lead = 4 if min(map(len, anchors)) <= 4 else 0
    bodies = (body,) if isinstance(body, str) else body
    return Detector(
        id=name,
        title=title,
        anchors=tuple(anchor.encode() for anchor in anchors),
        patterns=tuple(each.encode() for each in bodies),
        before=b"A-Za-z0-9" if anchors[0][:1].isalnum() and name not in _ANYWHERE else b"",
        lead=lead,
        first=lead,
        positive=tuple((anchor + sample).encode() for anchor in anchors),
        negative=(
            b"see " + anchors[0].encode() + b" !",
            anchors[0].encode() + sample.encode()[:4] + b" ",
        ),
    )


_SHAPES: tuple[Detector, ...] = (
    Detector(
        id="telegram-bare",
        title="Telegram bot token by itself",
        anchors=(b":AA",),
        patterns=(rb"([\w\-]{32,34})",),
        lead=4,
        first=4,
        before=rb"^0-9",
        after=rb"A-Za-z0-9_\-",
        positive=(b"123456789:AAF" + _A[:32].encode(),),
        negative=(b"x:AAF" + _A[:32].encode(), b"123456789:AAF12", b"1:AA:BB:CC:DD"),
    ),
    Detector(
        id="discord-bot",
        title="Discord bot token",
        patterns=(rb"[MNO][\w\-]{23,27}\.([\w\-]{6}\.[\w\-]{27,40})",),
        seeds=(rb"[MNO][A-Za-z0-9_\-]{23,27}\.[A-Za-z0-9_\-]{6}\.[A-Za-z0-9_\-]{4}",),
        starts=rb"(?<![\w\-.])[MNO](?=[\w\-]{23})",
        viable=rb"(?<![\w\-.])[MNO][\w\-]{23,27}\.[\w\-.]{0,19}\Z",
        before=rb"A-Za-z0-9_\-.",
        positive=(b"MTA5ODc2NTQzMjEwOTg3NjU0.Gh3kLm." + _A[:38].encode(),),
        negative=(
            b"MTA5ODc2NTQzMjEwOTg3NjU0.Gh3kLm.short",
            b"xMTA5ODc2NTQzMjEwOTg3NjU0.Gh3kLm." + _A[:38].encode(),
        ),
    ),
)
VENDOR_KEYS: tuple[Detector, ...] = (*(_row(row) for row in _ROWS), *_SHAPES)
