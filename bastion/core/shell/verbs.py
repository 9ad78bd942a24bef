"""The table of programs whose first argument is a verb, and of network clients. See `spec`.

A verb that is in no line is not understood: for `git` and `kubectl` it may be an alias or a
plugin. Verbs that change something are listed so that a policy can name them.
"""

from __future__ import annotations

import re

from bastion.core.shell.spec import Spec, read_table

_NETWORK = """
curl: -sSkLfvIiNgqanJO#460123Rj -o:w -X: -d:u -F:u -T:r -u: -H: -K:k -w: -m: -A: -e: -b: -c:w -x:h -E:r
    -r: -z: -D:w -C: -Y: -y: -U: -P: -Q:k -t: --output:w --output-dir:w --request: --data:u --data-raw:
    --data-binary:u --data-urlencode:u --data-ascii:u --json:u --form:u --form-string: --upload-file:r
    --user: --header: --config:k --write-out: --max-time: --connect-timeout: --user-agent: --referer:
    --cookie: --cookie-jar:w --proxy:h --resolve: --connect-to: --unix-socket:w --cert:r --key:r
    --cacert:r --capath:r --retry: --retry-delay: --retry-max-time: --range: --dump-header:w --trace:w
    --trace-ascii:w --stderr:w --libcurl:w --url:h --limit-rate: --interface: --dns-servers:
    --max-redirs: --silent --show-error --insecure --location --fail --fail-with-body --verbose --head
    --include --get -G --compressed --http1.1 --http2 --http1.0 --http3 --ipv4 --ipv6
    --no-progress-meter --progress-bar --remote-name --remote-name-all --remote-header-name --no-buffer
    --globoff --path-as-is --tlsv1.2 --tlsv1.3 --retry-connrefused --retry-all-errors --noproxy:
    --parallel --create-dirs --version -V --help -h? --engine:k --doh-url:h --hsts:w --alt-svc:w
    --netrc --netrc-file:r --quote:k --mail-from: --mail-rcpt: / h* @net
wget: -qvdSNcxrkpHLE46 -nv -nd -nc -np -O:w -o:w -a:w -P:w -i:r -T: -t: -w: -Q: -U: -l: -A: -R: -D:
    -e:k --quiet --spider --server-response --timeout: --tries: --wait: --no-check-certificate
    --no-verbose --output-document:w --output-file:w --append-output:w --directory-prefix:w
    --input-file:r --header: --user-agent: --post-data: --post-file:r --body-data: --body-file:r
    --method: --user: --password: --execute:k --config:k --use-askpass:k --no-proxy --max-redirect:
    --content-disposition --save-cookies:w --load-cookies:r --ca-certificate:r --certificate:r
    --private-key:r --version --help / h* @net
ssh: -46AaCfGgKkMNnqsTtVvXxYy -b: -c: -D: -E:w -e: -F:k -i:r -J:h -L: -l: -m: -O: -o:k -p: -Q: -R: -S:w
    -W:h -w: / hz @net @code @first
ip: -4 -6 -0 -o -s -d -br -c -j -p -r -h -a -oneline -brief -stats -details -color -json -pretty
    -family:d -f:d -n:k -netns:k -b:k -batch:k -force -V @word @verbs
ip {a, addr, address, l, link, r, route, ro, n, neigh, neighbour, neighbor, ru, rule, maddr, mroute,
    tunnel, netconf, tcp_metrics, token}: @verbs
ip {a, addr, address, l, link, r, route, ro, n, neigh, neighbour, neighbor, ru, rule, maddr, mroute,
    tunnel, netconf, tcp_metrics, token} {s, sh, show, list, ls, get}: / d*
ip {monitor,help}: / d*
redis-cli: -h:h -p: -n: -a: -u: -s:r -r: -i: --user: --pass: --raw --no-raw --csv --json --tls
    --no-auth-warning --bigkeys --memkeys --hotkeys --scan --pattern: --stat --latency
    --latency-history --version --help -v -c -2 -3 -e --cacert:r --cert:r --key:r --eval:k --pipe! -x!
    -X! --rdb:w --functions-rdb:w --cluster:k --askpass @net @verbs @stdin @fold
redis-cli {get, mget, info, ttl, pttl, exists, type, strlen, llen, lrange, lindex, lpos, hget, hgetall,
    hkeys, hvals, hlen, hmget, hexists, hstrlen, scard, smembers, sismember, smismember, srandmember,
    zcard, zrange, zrevrange, zrangebyscore, zrank, zrevrank, zscore, zcount, dbsize, ping, time,
    lastsave, scan, sscan, hscan, zscan, randomkey, keys, xlen, xrange, xrevrange, bitcount, getbit,
    getrange, role, echo, command, expiretime, dump, touch}: / d*
redis-cli {memory,object,slowlog,client,config,cluster,latency,pubsub,xinfo,acl,sentinel}: @verbs
redis-cli memory {usage,stats,doctor}: / d*
redis-cli object {encoding,idletime,freq,refcount}: / d*
redis-cli slowlog {get,len}: / d*
redis-cli client {list,info,id,getname}: / d*
redis-cli cluster {info,nodes,slots,shards,keyslot,countkeysinslot,myid}: / d*
redis-cli latency {latest,history,doctor,graph}: / d*
redis-cli pubsub {channels,numsub,numpat}: / d*
redis-cli xinfo {stream,groups,consumers}: / d*
redis-cli sentinel {masters,master,replicas,slaves,sentinels,get-master-addr-by-name,ckquorum}: / d*
redis-cli config get: / d*
redis-cli config {set,rewrite,resetstat}: @opaque
redis-cli {flushall, flushdb, del, unlink, set, setex, expire, persist, rename, move, incr, decr,
    lpush, rpush, lpop, rpop, sadd, srem, hset, hdel, zadd, zrem, xadd, xdel, shutdown, save, bgsave,
    bgrewriteaof, replicaof, slaveof, migrate, restore, swapdb, monitor, debug, failover, publish,
    subscribe, append, getset, getdel}: @opaque
redis-cli {eval,evalsha,fcall,function,script,module}: @opaque @code
"""

_CODE = """
git: -P -p -C:n --no-pager --paginate --version --help --no-optional-locks --literal-pathspecs --bare
    --no-replace-objects -c:k --config-env:k --exec-path:k --git-dir:k --work-tree:n --namespace:
    --super-prefix: @verbs
git {status, log, diff, show, shortlog, rev-list, diff-tree, diff-index, diff-files, whatchanged,
    range-diff, format-patch-stdout}: * -n: -S: -G: -L: -U: -O:r --format: --pretty? --author: --grep:
    --since: --until: --output:w --ext-diff! --textconv! --no-index! --show-signature! / d*
git {rev-parse, ls-files, ls-tree, describe, show-ref, for-each-ref, merge-base, name-rev,
    count-objects, version, reflog, blame, annotate, cherry, check-ignore, check-attr, show-branch,
    var, whatchanged, diff-summary}: * -L: --contents:r --parseopt! --sq-quote / d*
git cat-file: -pte --batch? --batch-check? --batch-all-objects --textconv! --filters! / d*
git grep: -niwlLchoEFGPvaIqHrz -e:d -f:r -A: -B: -C: -m: -O:c!? --open-files-in-pager:c!? --no-index!
    --textconv! --cached --untracked --name-only --count --line-number --ignore-case --word-regexp
    --and --or --not --break --heading --show-function --function-context / d*
git branch: -avrl -vv --list --all --remotes --verbose --show-current --contains? --merged?
    --no-merged? --sort: --format: --no-color --column? / a*
git tag: -l -n? --list --contains? --points-at? --sort: --format: --merged? --no-merged? / a*
git remote: -v --verbose @verbs
git remote {show,get-url}: -n / d*
git stash: @verbs
git stash {list,show}: * / d*
git worktree: @verbs
git worktree list: * / d*
git submodule: @verbs
git submodule status: / d*
git config: -l -z --list --get:d --get-all:d --get-regexp:d --global --local --system --show-origin
    --show-scope --name-only / a*
git {push, pull, fetch, clone, commit, checkout, switch, restore, reset, clean, merge, rebase,
    cherry-pick, revert, add, rm, mv, init, gc, prune, apply, am, bisect, filter-branch, update-ref,
    notes, archive, bundle, daemon, difftool, mergetool, instaweb, ls-remote, send-email, maintenance,
    sparse-checkout, hook, replace, fsck, repack}: @opaque @code
kubectl: -n: -v: --namespace: --request-timeout: --match-server-version --kubeconfig:k --context:k
    --cluster:k --user:k --as:k --as-group:k --as-uid:k --token:k --server:k -s:k
    --certificate-authority:k --client-certificate:k --client-key:k --insecure-skip-tls-verify!
    --cache-dir:w --profile? --profile-output:w --username:k --password:k --tls-server-name:k @net
    @verbs
kubectl get: -Aw -o: -l: -L: -f:k -k:k -R --all-namespaces --watch --watch-only --output: --selector:
    --label-columns: --show-labels --show-kind --show-managed-fields? --no-headers? --sort-by:
    --field-selector: --chunk-size: --ignore-not-found --template: --subresource: --server-print?
    --raw:k --filename:k --kustomize:k --allow-missing-template-keys? --output-watch-events / d*
kubectl describe: -A -l: -f:k --all-namespaces --selector: --show-events? --chunk-size: / d*
kubectl {logs, log}: -fp -c: -l: --follow --previous --container: --selector: --tail: --since:
    --since-time: --timestamps? --all-containers? --all-pods? --prefix --limit-bytes:
    --max-log-requests: --ignore-errors --pod-running-timeout: / d*
kubectl {top,rollout,auth,config,cluster-info,certificate,create,set,plugin,alpha}: @verbs
kubectl top {pod, pods, po, node, nodes, no}: -A -l: --all-namespaces --containers --selector:
    --sort-by: --no-headers --sum --show-capacity --field-selector: / d*
kubectl rollout {status,history}: -w? -l: --watch? --timeout: --revision: --selector: / d*
kubectl auth {can-i, whoami}: -Aq -o: --list --all-namespaces --quiet --no-headers --subresource:
    --output: / d*
kubectl config {current-context,get-contexts,get-clusters,get-users}: -o: --no-headers --output: / d*
kubectl {explain, api-resources, api-versions, version, events, options}: -Aw -o: --recursive
    --api-version: --api-group: --namespaced? --verbs: --no-headers --output: --sort-by: --cached
    --client --short --for: --types: --watch --categories: / d*
kubectl {diff,wait,completion}: @opaque
kubectl exec: -itq -c: --stdin --tty --container: --pod-running-timeout: --quiet / hx
kubectl {debug, attach, run, apply, delete, edit, patch, replace, scale, autoscale, annotate, label,
    expose, drain, cordon, uncordon, taint, cp, port-forward, proxy, kustomize}: @opaque @code
kubectl create {deployment, job, cronjob, pod, service, namespace, ns, secret, configmap, cm, role,
    rolebinding, clusterrole, clusterrolebinding, serviceaccount, sa, token, ingress, quota,
    poddisruptionbudget, priorityclass}: @opaque @code
kubectl rollout {restart,undo,pause,resume}: @opaque
kubectl certificate {approve,deny}: @opaque
kubectl set {image,env,resources,selector,serviceaccount,subject}: @opaque
kubectl config {view, set, set-context, set-cluster, set-credentials, unset, use-context,
    delete-context, rename-context}: @opaque
systemctl: -alqr -t: -p: -n: -o: --all --type: --state: --property: --lines: --output: --no-pager
    --no-legend --full --failed --quiet --plain --user --value --recursive --version -H:k -M:k --host:k
    --machine:k --root:k @verbs
systemctl {status, is-active, is-enabled, is-failed, is-system-running, list-units, list-unit-files,
    list-timers, list-sockets, list-dependencies, list-jobs, show, cat, get-default, help}: / d*
systemctl {start, stop, restart, reload, try-restart, reload-or-restart, kill, enable, disable, mask,
    unmask, edit, link, set-property, daemon-reload, daemon-reexec, isolate, reboot, poweroff, halt,
    kexec, suspend, hibernate, rescue, emergency, set-default, preset, revert, reset-failed,
    set-environment, import-environment}: @opaque @priv
service: @opaque @priv @code
journalctl: -afelqrxk -b? -u: -n? -S: -U: -p: -o: -t: -g: -c: -F: -N -D:r --unit: --lines? --since:
    --until: --priority: --output: --identifier: --grep: --boot? --dmesg --follow --reverse --no-pager
    --no-tail --all --utc --quiet --no-hostname --list-boots --disk-usage --catalog --fields --field:
    --user --system --directory:r --file:r --vacuum-size:k --vacuum-time:k --vacuum-files:k --rotate!
    --flush! --sync! --setup-keys! --update-catalog! --root:k --image:k --version / d*
docker: -D --debug --version -v -H:k --host:k -c:k --context:k --config:k --tls! @net @verbs
docker {ps, images, version, info, stats, top, logs, port, inspect, history, diff, events, search}: *
    -f? -n: --tail: --since: --until: --format: --filter: / d*
docker {container,image,volume,network,system,compose,context,node,service,stack}: @verbs
docker {container, image, volume, network, context, node, service, stack} {ls, list, inspect, logs,
    top, stats, port, history, ps}: * -f: --filter: --format: --tail: / d*
docker system {df,info,events}: * / d*
docker compose {ps,logs,images,top,version,ls}: * -f? --tail: / d*
docker exec: -itd -u: -w: -e: --user: --workdir: --env: --interactive --tty --privileged / hx @priv
docker run: -itdP -v: -e: -p: -u: -w: -h: -m: --rm --name: --volume: --env: --publish: --network:
    --user: --workdir: --privileged --entrypoint: --pid: --mount: --restart: --cap-add: --hostname:
    --ipc: --userns: --security-opt: --device: --gpus: --memory: --cpus: --label: --env-file: --detach
    --interactive --tty / hx @priv
docker {rm, rmi, stop, start, restart, kill, pause, unpause, pull, push, build, cp, commit, create,
    attach, save, load, export, import, tag, update, wait, rename, login, logout}: @opaque @priv @code
crictl: -r: -i: -c: --runtime-endpoint: @verbs
crictl {ps,pods,images,logs,inspect,inspecti,inspectp,stats,statsp,info,version}: * -n: --tail: -o: / d*
crictl exec: -its / hx @priv
crictl {rm,rmi,rmp,stop,stopp,pull,run,runp,create,start,attach}: @opaque @priv @code
helm: -n: --namespace: --kube-context:k --kubeconfig:k --kube-as-user:k --kube-as-group:k
    --kube-token:k --kube-apiserver:k --debug @net @verbs
helm {list,ls,status,history,version,env}: * -o: --output: --max: --revision: / d*
helm search: @verbs
helm search {repo,hub}: * / d*
helm get: @verbs
helm get {notes,metadata,hooks}: * -o: / d*
helm {show,repo}: @verbs
helm show {chart,readme,values,all,crds}: * / d*
helm repo list: * / d*
helm get {values,manifest,all}: @opaque
helm {install, upgrade, uninstall, delete, rollback, template, test, pull, push, plugin, package,
    dependency, lint, create, registry}: @opaque @code
rabbitmqctl: -q -s -n: -p: --quiet --node: --vhost: --formatter: --timeout: -t: @verbs
rabbitmqctl {list_queues, list_exchanges, list_bindings, list_connections, list_channels,
    list_consumers, list_vhosts, list_users, list_permissions, list_policies, list_parameters,
    list_feature_flags, list_unresponsive_queues, list_ciphers, status, cluster_status,
    node_health_check, ping, version, help}: -q -p: -s --offline --online --local --formatter:
    --no-table-headers / d*
rabbitmqctl {environment, report, eval, exec, stop, stop_app, start_app, reset, force_reset, shutdown,
    delete_queue, purge_queue, delete_user, add_user, change_password, set_permissions,
    clear_permissions, add_vhost, delete_vhost, set_policy, clear_policy, close_connection,
    forget_cluster_node, join_cluster, set_user_tags}: @opaque
kafka-topics.sh, kafka-topics: --bootstrap-server:h --zookeeper:h --list --describe --topic:
    --exclude-internal --under-replicated-partitions --unavailable-partitions --version
    --command-config:r --create! --delete! --alter! @word @net
kafka-consumer-groups.sh, kafka-consumer-groups: --bootstrap-server:h --list --describe --group:
    --all-groups --members --offsets --state? --verbose --timeout: --version --command-config:r
    --topic:k --reset-offsets! --delete! --delete-offsets! --execute! @net
kafka-broker-api-versions.sh, kafka-log-dirs.sh, kafka-get-offsets.sh: --bootstrap-server:h --describe
    --topic: --topic-list: --broker-list: --time: --version --command-config:r @net
pip,pip3: --version -V --no-color --disable-pip-version-check @verbs
{pip,pip3} {list,show,freeze,check,help,debug}: * / d*
{pip,pip3} {install,uninstall,download,wheel,config,cache}: @opaque @code
npm,yarn,pnpm: -v --version -g --prefix:n @verbs
{npm,yarn,pnpm} {ls,list,outdated,view,info,why,explain}: * --depth: / d*
apt,apt-get,apt-cache: -q -y --version -qq -o:k -c:k @verbs
{apt,apt-cache} {list,show,search,policy,depends,rdepends,pkgnames,stats,showpkg}: * / d*
dpkg: -lLsSpCV --list --listfiles --status --search --audit --verify --get-selections
    --print-architecture --version / d*
dpkg-query: * -f: --showformat: / d*
rpm: -qailVpfcdsv --query --all --info --list --version --verify --qf: --queryformat: --changelog
    --last --requires --provides --eval:k -E:k --define:k -D:k --pipe:k --root:k --dbpath:k --macros:k
    / d*
yum,dnf: -q -C --version @verbs
{yum,dnf} {list,info,search,provides,repolist,history,check-update,deplist}: * / d*
apk: --version -v @verbs
apk {info,list,policy,search,stats,version}: * / d*
supervisorctl: -c:k @verbs
supervisorctl {status,avail,pid,version}: / d*
supervisorctl {start, stop, restart, reload, reread, update, signal, shutdown, tail, fg, add, remove,
    clear}: @opaque
consul: @verbs
consul {members,info,version,monitor}: * / d*
crontab: -l -u: -e! -r! / k*
openssl: @verbs
openssl version: -a -v -b -o -f -p -d -e @word
openssl ciphers: -v -V -s -stdname -tls1_2 -tls1_3 @word / d
openssl x509: -noout -text -dates -enddate -startdate -subject -issuer -serial -fingerprint -sha256 -sha1
    -purpose -ext: -in:r -inform: -nameopt: -checkend: -hash -subject_hash -issuer_hash -modulus -pubkey
    -email -alias -checkhost: -checkip: -ocsp_uri -out:w -outform: @word
openssl {req,crl,pkcs7}: -noout -text -subject -pubkey -in:r -inform: -verify -modulus -issuer
    -lastupdate -nextupdate -print_certs -out:w @word
openssl verify: -CAfile:r -CApath:R -untrusted:r -verbose -partial_chain -show_chain @word / r*
openssl s_client: -connect:h -servername: -showcerts -brief -status -starttls: -alpn: -tls1_2 -tls1_3
    -CAfile:r -CApath:R -verify: -verify_return_error -quiet -no_ign_eof @word @net
openssl {enc, dgst, rsa, ec, pkey, pkcs8, pkcs12, genrsa, genpkey, rand, s_server, ca, passwd, smime,
    cms, speed, engine, ecparam, dhparam, base64}: @opaque @code
"""


def _expand(text: str) -> str:
    """Write out `git {log,show}: …` as one line with every name."""
    lines = []
    for line in re.sub(r"\n[ ]+", " ", text.strip()).splitlines():
        names, _, rest = line.partition(": ")
        heads = [names]
        while any("{" in head for head in heads):
            heads = [each for head in heads for each in _spread(head)]
        lines.append(f"{','.join(heads)}: {rest}")
    return "\n".join(lines)


def _spread(head: str) -> list[str]:
    found = re.search(r"\{([^{}]*)\}", head)
    if not found:
        return [head]
    return [head[: found.start()] + each.strip() + head[found.end() :] for each in found[1].split(",")]


VERBS: dict[str, Spec] = read_table(_expand(_NETWORK)) | read_table(_expand(_CODE))
