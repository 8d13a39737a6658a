# The distribution's packages, from tools/packages.debian.

PACKAGE_LIST=tools/packages.debian

# stage_rank STAGE: a stage includes the ones before it.
stage_rank() {
	case $1 in
	build) echo 1 ;;
	test) echo 2 ;;
	lint) echo 3 ;;
	fuzz) echo 4 ;;
	*) die "$PACKAGE_LIST: no stage is called '$1'" ;;
	esac
}

distribution() { sed -n 's/^ID=//p' /etc/os-release 2>/dev/null; }

# listed_packages STAGE: the first column of every line that STAGE includes.
listed_packages() {
	local limit names stage here _
	limit=$(stage_rank "$1")
	here=$(distribution)
	while read -r names stage _; do
		case $names in '' | '#'*) continue ;; esac
		[[ $stage != *@* || $stage == *@"$here" ]] || continue
		[ "$(stage_rank "${stage%@*}")" -gt "$limit" ] || printf '%s\n' "$names"
	done <"$PACKAGE_LIST"
}

# missing_packages STAGE: the lines nothing on this machine satisfies.
missing_packages() {
	local wanted installed names name found
	wanted=$(listed_packages "$1")
	installed=$(dpkg-query -W -f '${db:Status-Abbrev}${Package}\n' 2>/dev/null | sed -n 's/^ii *//p' || true)
	for names in $wanted; do
		found=no
		for name in ${names//|/ }; do
			case $name in
			command:*) command -v "${name#command:}" >/dev/null && found=yes ;;
			*) [[ $'\n'$installed$'\n' == *$'\n'"$name"$'\n'* ]] && found=yes ;;
			esac
		done
		[ $found = yes ] || printf '%s\n' "$names"
	done
}

# First of the alternatives that this distribution has.
choose_package() {
	local name
	for name in ${1//|/ }; do
		case $name in command:*) continue ;; esac
		if apt-cache show --no-all-versions "$name" >/dev/null 2>&1; then
			printf '%s\n' "$name"
			return
		fi
	done
	die "this distribution has no package '${1//|/ or }'; Waybill is built on Debian 12, Debian 13 and Ubuntu 24.04"
}

as_root() {
	if [ "$(id -u)" = 0 ]; then
		run "$@"
	else
		run sudo "$@"
	fi
}

apt_get() {
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 "$@" </dev/null >&2
}

# Asks for root's rights only when a package is missing.
setup_packages() {
	local missing names chosen=()
	missing=$(missing_packages "$1")
	[ -n "$missing" ] || return 0
	command -v apt-get >/dev/null ||
		die "this machine has no apt-get; install by hand what $PACKAGE_LIST lists: ${missing//$'\n'/ }"
	[ "$(id -u)" = 0 ] || command -v sudo >/dev/null ||
		die "packages are missing and there is neither root nor sudo; have an administrator run: apt-get install ${missing//$'\n'/ }"
	apt_get update || die "apt-get update failed: connect to the network (or mend the sources above), then run ./dev setup again"
	for names in $missing; do
		chosen+=("$(choose_package "$names")")
	done
	apt_get install --no-install-recommends "${chosen[@]}" ||
		die "apt-get could not install the packages above: mend what it says, then run ./dev setup again"
}
