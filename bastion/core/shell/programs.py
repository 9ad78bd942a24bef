"""The table of ordinary programs: files, text, processes and the system. See `spec` for the form.

A program that is in no table is not understood. `*` is given only to programs none of whose
options writes a file, runs code or alters the system, apart from those named here.
"""

from __future__ import annotations

from bastion.core.shell.spec import Spec, read_table

_READ = """
cat, rev, sum, zcat, bzcat, xzcat, zstdcat, lz4cat: * / r*
tac: * -s: --separator: / r*
nl: * -b: -d: -f: -h: -i: -l: -n: -s: -v: -w: / r*
expand,unexpand: * -t: --tabs: / r*
fold: * -w: --width: / r*
fmt: * -w: -p: -g: --width: --prefix: --goal: / r*
paste: * -d: --delimiters: / r*
comm: * --output-delimiter: / r*
cksum: * -a: -l: --algorithm: --length: -c! --check! / r* @paths
head,tail: * -n: -c: -s: --lines: --bytes: --pid: --sleep-interval: --max-unchanged-stats: / r*
wc: * --files0-from:r! --total: / r* @paths
cut: * -d: -f: -c: -b: --delimiter: --fields: --characters: --bytes: --output-delimiter: / r*
tr: * / d*
sort: -bdfghiMnRrVcCmsuz -k: -t: -S: -o:w -T:w --key: --field-separator: --buffer-size: --output:w
    --temporary-directory:w --compress-program:c! --files0-from:r! --parallel: --batch-size:
    --random-source:r --sort: --reverse --unique --numeric-sort --human-numeric-sort --version-sort
    --general-numeric-sort --month-sort --ignore-case --ignore-leading-blanks --dictionary-order
    --ignore-nonprinting --random-sort --stable --zero-terminated --check? --merge --debug --help
    --version / r* @paths
uniq: -cdDiuz -f: -s: -w: --count --repeated --all-repeated? --ignore-case --unique --zero-terminated
    --group? --skip-fields: --skip-chars: --check-chars: --help --version / rw
column: * -s: -o: -c: -N: -R: -H: --separator: --output-separator: --output-width: --table-columns: / r*
grep, egrep, fgrep, zgrep, zegrep, zfgrep, bzgrep, xzgrep: * -e:d^ -f:r^ -A: -B: -C: -m: -d: -D: -r+
    -R+ --regexp:d^ --file:r^ --recursive+ --dereference-recursive+ --after-context: --before-context:
    --context: --max-count: --label: --include: --exclude: --exclude-dir: --exclude-from:r --color?
    --colour? --binary-files: --directories: --devices: / dr*
pgrep: * -G: -P: -g: -s: -t: -u: -U: -d: -F:r --pidfile:r --ns: --nslist: / d*
od: * -A: -t: -j: -N: -S? -w? --address-radix: --format: --skip-bytes: --read-bytes: / r*
hexdump,hd: * -n: -s: -e: -f:r --length: --skip: --format: --format-file:r / r*
xxd: * -c: -g: -l: -o: -s: -n: -R: / rw @first
strings: * -n: -t: -e: -s: --bytes: --radix: --encoding: / r*
base64,base32: * -w: --wrap: / r
md5sum,sha1sum,sha224sum,sha256sum,sha384sum,sha512sum,b2sum: * -c! --check! / r* @paths
diff: * -U: -C: -I: -x: -W: -r+ -X:r --recursive+ --unified? --context? --exclude: --exclude-from:r
    --ignore-matching-lines: --width: --label: -L: --color? --from-file:r --to-file:r --starting-file:
    --tabsize: / r*
cmp: * -n: -i: --bytes: --ignore-initial: / rrdd
join: * -t: -j: -o: -a: -v: -e: -1: -2: / r*
shuf: -erz -n: -i: -o:w --echo --head-count: --input-range: --output:w --repeat --zero-terminated
    --random-source:r / r*
split: -dxez -a: -b: -C: -l: -n: -t: --filter:c! --suffix-length: --bytes: --line-bytes: --lines:
    --number: --separator: --additional-suffix: --numeric-suffixes? --hex-suffixes? --verbose / rw
jq: -cnrjaseSCMR -f:r^! -L:R! --arg:2 --argjson:2 --slurpfile:3 --rawfile:3 --argfile:3 --from-file:r^!
    --library-path:R! --indent:
    --tab --null-input --raw-input --raw-output --raw-output0 --join-output --compact-output --slurp
    --sort-keys --exit-status --color-output --monochrome-output --ascii-output --args --jsonargs
    --stream --seq --help --version / dr*
rg: * -e:d^ -f:r^ -A: -B: -C: -m: -g: -t: -T: -j: -M: -d: -E: -r: --pre:c! --pre-glob: --hostname-bin:c!
    --search-zip! -z! --regexp:d^ --file:r^ --glob: --iglob: --type: --type-not: --type-add:
    --max-count: --max-depth: --after-context: --before-context: --context: --replace: --threads:
    --color: --colors: --sort: --sortr: --engine: --encoding: --ignore-file:r --path-separator:
    --max-columns: --max-filesize: / dR*
ls, dir, vdir: * -I: -w: -T: -R+ --recursive+ --ignore: --width: --tabsize: --hide: --block-size:
    --color? --time: --time-style: --sort: --format: --indicator-style: --quoting-style: / n*
stat: * -c: -t --format: --printf: / n*
file: -bhikLlNnprsvzZ0 -F: -P: -e: -m:r -f:r! --files-from:r! --magic-file:r
    --brief --mime --mime-type --mime-encoding --dereference
    --separator: --no-pad --version --help / r* @paths
du: * -d: -B: -t: -X:r --max-depth: --exclude: --exclude-from:r --block-size: --threshold: --time?
    --time-style: --files0-from:r! / N* @paths
df: * -B: -t: -x: --type: --exclude-type: --block-size: --output? / n*
tree: * -R! -L: -P: -I: -o:w -H: -T: --filelimit: --charset: --timefmt: --sort: --fromfile! --fromtabfile!
    --gitfile:r --infofile:r / N*
realpath,readlink: * --relative-to: --relative-base: / n*
basename,dirname: * -s: / d*
pathchk: * / d*
namei: * / n*
lsattr,getfacl,getfattr: * -n: -m: / n*
mountpoint: * / n*
findmnt: * -o: -t: -O: -S: -T: -F:r --tab-file:r / d*
blkid: * -o: -t: -s: -c:w -w:w --cache-file:w / n*
lsblk,lscpu,lsmem,lsmod,lspci,lsusb,lslocks,lsns: * -o: -t: -O: -S: -T: -i:r -D:r / d*
"""

_SYSTEM = """
echo: * / d*
printf: / d*
true,false,colon: * / d*
sleep,usleep: * / d*
date: -uR -I? -d: -r:n -f:r --date: --reference:n --file:r --utc --universal --rfc-3339: --rfc-email
    --iso-8601? --debug --help --version -s:a --set:a / d*
cal,ncal: * / d*
seq: * -s: -f: --separator: --format: / d*
expr, factor, numfmt, getconf, arch, nproc, logname, tty, whoami, groups, pwd, errno, locale,
    uuidgen, hostid: * -f: -t: / d*
id,w: * -n: -u: -f: / d*
who,users: * / r*
last,lastb: * -n: -t: -s: -p: -f:r --file:r --limit: --since: --until: --present: --time-format: / r*
lastlog: * -u: -t: -b: / r*
uname,uptime,clear,tput,runlevel,lsb_release,hostnamectl status,timedatectl status: * / d*
hostname: * -F:a / a*
domainname,dnsdomainname: * / a*
printenv: * / d*
yes: * / d*
free,vmstat,iostat,mpstat,slabtop: * -s: -c: -S: -d: -p: -P: -o: / d*
pidstat: -dhHIlRrstUuvw -p: -C: -G: -T: -e! / d*
sar: -AbBdFHhqRrSuvwWy -n: -P: -s: -e: -f:r -o:w -i: -I: -m: / d*
ps: * -o: -C: -p: -u: -U: -G: -g: -t: -s: -q: -O: --format: --pid: --user: --sort: --ppid: --cols:
    --columns: / d*
pidof,pstree,pwdx,pmap: * -o: / d*
prtstat,tload: * -d: / d*
top: -bcHiS1s -n: -d: -p: -u: -U: -o: -w? -e: -E: --help --version @raw-unless-b / d*
lsof: * -D:k -a -c: -d: -g: -i? -p: -s? -u: -T? -r? -F? -k: -m: / n*
fuser: -uvalnc46 -n: -k! -i! --verbose --user / n*
netstat: * / d*
ss: -natuplesmioZzbHOQVhr046wxdE -A: -f: -F:r -D:w -K! -N: --listening --tcp --udp --numeric
    --processes --all --summary --extended --memory --info --options --raw --unix --family: --query:
    --kill! --no-header --help --version --resolve / d*
getent: * -s: / d*
nslookup,host: * -t: -c: -W: -R: -type / h* @net
dig: * -t: -c: -p: -q: -x: -b: -k:r -f:r! -y: / h* @net
ping, ping6, traceroute, traceroute6, tracepath, mtr: * -c: -i: -I: -W: -w: -s: -t: -m: -q: -p:h -f: -n
    / h* @net
dmesg: -HTkuxrtPLeSwWd -l: -f: -s: --level: --facility: --ctime --human --kernel --userspace --decode
    --raw --follow --color? --time-format: --nopager -C! -c! --clear! --read-clear! --console-off!
    --console-on! -D! -E! -n! / d
ulimit: -SHabcdefiklmnpqrstuvxPRT / d*
umask: -S -p / a*
times,dirs: * / d*
jobs: -lnprs -x! / d*
wait: -fn -p:k / d*
history: / d*
type,which,whereis: * / d*
hash: -ltr -r: -d: -p:! / a*
help: * / d*
man,apropos,whatis,info: @raw -k: -f: -P:c --pager:c -H:c!? --html:c!? / d*
less, more, most, view, vi, vim, nvim, vimdiff, rvim, nano, emacs, pico, joe, mc, htop, atop, btop,
    iotop, ncdu, nmon, screen, tmux, ed, ex, pg, w3m, lynx, links, gdb, lldb, ftp, sftp, telnet, mutt,
    ranger, fzf, visudo, vipw, dialog: * @raw / r*
java: -XshowSettings? -version --version -fullversion -help --help --show-version @word / k*
javac,jshell,jdb: @opaque
jps: * -J:k / d*
jstack,jinfo: -l -e -F -m -h / d*
jstat: * -J:k / d*
jcmd: -l -h @verbs
jmap: -histo? -clstats -finalizerinfo -heap -dump:w -h @word / d*
sync: * / n*
stty: * -F:n / d*
nproc,lsipc,ipcs: * / d*
nginx: -tTvVqh -? -c:m -p:m -g:k -s:a -e:w
apachectl,httpd,apache2ctl: -tvVSMlL -D: -k:a -f:m / a*
haproxy: -cvq -vv -f:m
logger: * -p: -t: -f:r -n: / d*
sysctl: -aAnNbeqr --all --names --values --pattern: -w! -p! -f! --write! --load! --system! / d*
"""

_WRITE = """
bc: -lqsiw --mathlib --quiet --standard --interactive --warn --version --help / r*
yq: -rcjnMPCNe0 -p: -o: -I: --raw-output --compact-output --null-input --prettyPrint --no-colors
    --colors --exit-status --unwrapScalar? --input-format: --output-format: --indent: --version --help
    --no-doc / dr*
cp: -abdfHilLnPpsuvxTZ -r+ -R+ -a+ -S: -t:w --recursive+ --archive+ --target-directory:w --suffix:
    --preserve? --no-preserve: --parents --force --interactive --no-clobber --update? --verbose
    --backup? --reflink? --sparse: --link --symbolic-link --no-target-directory --one-file-system
    --dereference --no-dereference --remove-destination --strip-trailing-slashes --attributes-only /
    r*w
mv: -bfinuvTZ -S: -t:w --target-directory:w --suffix: --force --interactive --no-clobber --update?
    --verbose --backup? --no-target-directory --strip-trailing-slashes / W*
rm: -fiIvd -r+ -R+ --recursive+ --force --interactive? --verbose --dir --one-file-system
    --preserve-root? --no-preserve-root / w*
rmdir: -pv --parents --verbose --ignore-fail-on-non-empty / w*
unlink: / w
mkdir: -pvZ -m: --parents --verbose --mode: --context? / w*
touch: -acfhm -d: -r:n -t: --date: --reference:n --no-create --no-dereference --time: / w*
ln: -bdfFiLnPrsTv -S: -t:w --symbolic --force --interactive --no-dereference --relative --verbose
    --logical --physical --target-directory:w --suffix: --backup? --no-target-directory / r*w
chmod: -cfv -R+ --recursive+ --reference:n --changes --quiet --silent --verbose --preserve-root
    --no-preserve-root / dw*
chown, chgrp: -cfhHLPv -R+ --recursive+ --reference:n --from: --changes --quiet --silent --verbose
    --dereference --no-dereference --preserve-root --no-preserve-root / dw*
chattr: * -R+ -v: -p: / dw*
setfacl: -bkdPLRn -R+ -m: -x: -M:r -X:r --modify: --remove: --set: --set-file:r --restore:r! / w*
setfattr: * -n: -v: -x: -h / w*
chcon: * -R+ -u: -r: -t: -l: --reference:n / dw*
tee: -aip --append --ignore-interrupts --output-error? / w*
truncate: -co -s: -r:n --size: --reference:n --no-create / w*
install: -bcCdDpsTv -m: -o: -g: -t:w -S: --strip-program:! --mode: --owner: --group: --directory
    --target-directory:w --verbose --compare / r*w
mktemp: -dqut -p:w --tmpdir? --directory --dry-run --quiet --suffix: / d
gzip, gunzip, pigz, compress, uncompress: -cdfhklLnNqrtvV123456789 -S: -b: -p: --stdout --to-stdout
    --decompress --force --keep --list --quiet --recursive --test --verbose --fast --best --name --no-name
    --suffix: --version --help / w*
bzip2, bunzip2: -cdfhkLqstvVz123456789 --stdout --decompress --compress --force --keep --quiet --test
    --verbose --fast --best --small --version --help / w*
xz, unxz, lzma, unlzma: -cdefhklqtvVz0123456789 -S: -T: -C: -M: --stdout --to-stdout --decompress --force
    --keep --list --quiet --test --verbose --fast --best --suffix: --threads: --version --help / w*
zstd, unzstd: -cdfhklqtvV123456789 -o:w -T? --stdout --decompress --force --keep --list --quiet --test
    --verbose --fast? --rm --threads? --version --help / w*
lz4: -cdfhklmqtvVz123456789 / w*
zip: -r+ -qvjmu9dfgkloyX0123456 -x: -i: -b: -P: -e -T! -TT:! --unzip-command:! / wr*
unzip: -lvtpqonjaCLXZzfuK -d:W -x: -P: / rd*
cpio: -itvd -F:r --list --verbose -o! -p! -I:r -O:w --rsh-command:! --to-stdout
shred: -fuvxz -n: -s: --force --iterations: --size: --remove? --verbose --exact --zero
    --random-source:r / w*
mkfifo,mknod: -m: -Z --mode: / wd*
patch: -p: -i:r -d: -o:w -R -N -f -s -t -E --dry-run --backup --ed! / w*
csplit: * -f:w -b: -n: / rd*
fallocate: * -l: -o: -n / w
wipe,srm: * / W*
"""

_OPAQUE = """
mkfs, mkfs.ext2, mkfs.ext3, mkfs.ext4, mkfs.xfs, mkfs.btrfs, mkfs.vfat, mke2fs, mkswap, wipefs, fdisk,
    sfdisk, gdisk, sgdisk, parted, partprobe, badblocks, blkdiscard, hdparm, fsck, e2fsck, tune2fs,
    resize2fs, debugfs, dumpe2fs, xfs_repair, losetup, cryptsetup, lvremove, vgremove, pvremove,
    lvcreate, mdadm, dmsetup, mount, umount, swapon, swapoff: @opaque @priv
shutdown, reboot, halt, poweroff, init, telinit, insmod, rmmod, modprobe, depmod, kexec, setenforce,
    getenforce, setcap, getcap, capsh, auditctl, chpasswd, passwd, chage, useradd, userdel, usermod,
    groupadd, groupdel, groupmod, adduser, deluser, addgroup, delgroup, newusers, gpasswd, chsh, chfn,
    ldconfig, update-alternatives, update-rc.d, chkconfig, insserv, rc-update, rc-service, visudo:
    @opaque @priv
iptables, ip6tables, iptables-save, iptables-restore, nft, ufw, firewall-cmd, ebtables, tc, brctl,
    ethtool, iwconfig, ifup, ifdown, dhclient, nmcli, wg, wg-quick, openvpn, arp, route, ifconfig,
    tcpdump, tshark, dumpcap, nmap, masscan, arping, hping3, ettercap: @opaque @net @priv
nc, ncat, netcat, socat, ftp, tftp, lftp, scp, sftp, rsync, rclone, s3cmd, aws, gcloud, gsutil, az,
    mc-client, smbclient, ldapsearch, ldapmodify, snmpwalk, snmpset, mail, mailx, sendmail, mutt,
    swaks, curlie, httpie, http, https, axel, aria2c, sz, rz, sb, rb, sx, rx, croc, magic-wormhole,
    wormhole, ngrok, chisel, cloudflared, iodine, dnscat, autossh, sshpass, sshfs, ssh-copy-id,
    ssh-keyscan, ssh-add, gpg, gpg2, age, vault, pass, keytool, certutil, secret-tool, op, bw,
    sops: @opaque @net @code
apt, apt-get, apt-key, aptitude, yum, dnf, rpm, apk, pacman, zypper, snap, flatpak, brew, pip, pip3,
    pipx, uv, poetry, npm, npx, yarn, pnpm, bun, gem, bundle, cargo, go, composer, pecl, cpan, cpanm,
    mvn, gradle, ant, make, gmake, cmake, ninja, gcc, g++, cc, clang, ld, as, rustc, javac, tsc,
    dotnet, ansible, ansible-playbook, terraform, tofu, pulumi, packer, vagrant, puppet, chef-client,
    salt-call, consul, nomad, celery, gunicorn, uvicorn, flask, django-admin, rails, rake, artisan,
    drush, wp: @opaque @code
crontab, at, batch, atq, atrm, systemd-run, loginctl, machinectl, service, supervisorctl, pm2, monit,
    initctl, s6-svc, sv, runsv: @opaque @priv @code
mongo, mongosh, mongodump, mongorestore, mongoexport, mongoimport, pg_dump, pg_dumpall, pg_restore,
    createdb, dropdb, createuser, dropuser, pg_ctl, initdb, vacuumdb, reindexdb, mysqldump, mysqladmin,
    mysqlimport, mariadb-dump, cqlsh, clickhouse-client, influx, etcdctl, zkCli.sh, sqlplus, rman, bcp,
    sqlcmd, isql, redis-benchmark, redis-server, memcached, kafka-console-producer.sh,
    kafka-console-consumer.sh, kafka-configs.sh, kafka-delete-records.sh, kafka-acls.sh,
    kafka-reassign-partitions.sh, elasticsearch-plugin, curator: @opaque @code
docker-compose, podman, nerdctl, ctr, buildah, skopeo, kustomize, istioctl, argocd, flux, velero, oc,
    minikube, kind, k3s, kubeadm, kubelet, etcd: @opaque @priv @code
killall, pkill, xkill, skill, snice, renice, ionice-set, chrt-set, taskset-set, prlimit-set, dd-rescue,
    ddrescue, mt, eject, kexec-load, ipcrm, fstrim, logrotate, logsave, crash, gcore, perf, bpftrace,
    ftrace, trace-cmd, sysdig, valgrind-set, ldd, nm, objdump, readelf, patchelf, objcopy, strip:
    @opaque @code
"""

PROGRAMS: dict[str, Spec] = {}
for _table in (_OPAQUE, _READ, _SYSTEM, _WRITE):
    PROGRAMS |= read_table(_table)
