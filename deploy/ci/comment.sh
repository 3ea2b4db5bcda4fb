#!/usr/bin/env bash
# Posts the comments that `catalogd plan --format markdown --comment-dir DIR` wrote, each in place of the one that was posted
# before: the first line of each is a marker that nobody sees.
#
#   catalogd-comment github DIR    GITHUB_API_URL GITHUB_REPOSITORY PULL_REQUEST GITHUB_TOKEN
#   catalogd-comment gitlab DIR    CI_API_V4_URL CI_PROJECT_ID CI_MERGE_REQUEST_IID GITLAB_TOKEN
set -euo pipefail

host=$1 dir=$2
case $host in
github)
    list="$GITHUB_API_URL/repos/$GITHUB_REPOSITORY/issues/$PULL_REQUEST/comments"
    one="$GITHUB_API_URL/repos/$GITHUB_REPOSITORY/issues/comments"
    user="$GITHUB_API_URL/user" change=PATCH header="Authorization: Bearer $GITHUB_TOKEN"
    ;;
gitlab)
    list="$CI_API_V4_URL/projects/$CI_PROJECT_ID/merge_requests/$CI_MERGE_REQUEST_IID/notes"
    one=$list
    user="$CI_API_V4_URL/user" change=PUT header="PRIVATE-TOKEN: $GITLAB_TOKEN"
    ;;
*)
    echo "usage: catalogd-comment github|gitlab DIR" >&2
    exit 1
    ;;
esac

call() { # METHOD URL [body on stdin]
    local method=$1 url=$2
    # The token goes in by standard input: arguments are seen by everybody on the machine.
    curl --silent --show-error --fail --retry 3 --max-time 60 --request "$method" \
        --config <(printf 'header = "%s"\nheader = "Content-Type: application/json"\n' "$header") \
        "${@:3}" "$url"
}

# Anybody may post a comment that begins with the marker: ours are those that this token's user has written. GitHub tells the token
# of a workflow nothing of its user.
me=$(call GET "$user" 2>/dev/null | jq --raw-output '.login // .username // empty') || me=''
[ -n "$me" ] || me='github-actions[bot]'

posted='[]'
for ((page = 1; ; page++)); do
    some=$(call GET "$list?per_page=100&page=$page")
    posted=$(jq --null-input --argjson a "$posted" --argjson b "$some" --arg me "$me" \
        '$a + ($b | map(select((.user.login // .author.username) == $me)))')
    [ "$(jq length <<<"$some")" -eq 100 ] || break
done

# Comments are those of this catalog, whatever their part.
catalog='' kept=()
shopt -s nullglob
for file in "$dir"/plan-*.md; do
    marker=$(head -n 1 "$file")
    catalog=${marker% part=*}
    id=$(jq --raw-output --arg marker "$marker" 'map(select(.body | startswith($marker))) | first | .id // empty' <<<"$posted")
    kept+=("$marker")
    if [ -n "$id" ]; then
        jq --raw-input --slurp '{body: .}' "$file" | call "$change" "$one/$id" --data @- >/dev/null
    else
        jq --raw-input --slurp '{body: .}' "$file" | call POST "$list" --data @- >/dev/null
    fi
done
[ -n "$catalog" ] || exit 0

# A plan with fewer parts than the last one leaves none of its parts behind.
jq --raw-output --arg catalog "$catalog " '.[] | select(.body | startswith($catalog)) | "\(.id) \(.body | split("\n") | first)"' <<<"$posted" |
    while read -r id marker; do
        printf '%s\n' "${kept[@]}" | grep --quiet --fixed-strings --line-regexp -- "${marker%$'\r'}" ||
            call DELETE "$one/$id" >/dev/null
    done
