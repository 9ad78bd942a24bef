"""The pod bastion: events come in, a pure session decides effects, each is logged, then performed.

Floors, top to bottom; imports only go down:

    __main__ > app > ssh | kube | idp | store | syntax | demo > relay > core > model

model     nouns that two rooms share                core     decides; no clock, socket or file
relay     does what was decided, ledger first       ssh      asyncssh and the line editor
kube      the Kubernetes API                        idp      OIDC tokens and TOTP codes
syntax    shfmt behind a door                       store    tables that can be rebuilt
app       command line, configuration, wiring       docs     what `bastion help` shows
"""
