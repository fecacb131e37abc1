# What the flows share: requests by curl, values out of JSON answers, polling. Sourced with $1 the server and $2 the
# folder of the packages, each as BASE64 text in a file.
set -eu

host=$1
packages=$2
api="$host/api/data/v9.2"
steps=0

# call VERB PATH STATUS [BODY FILE]: the answer is in $answer; another status than expected ends the flow.
call() {
    if [ $# -ge 4 ]; then
        printed=$(curl -sS -g -X "$1" -H 'Content-Type: application/json' -H 'OData-Version: 4.0' \
            -H 'Authorization: Bearer any' --data-binary "@$4" -w '\n%{http_code}' "$api/$2")
    else
        printed=$(curl -sS -g -X "$1" -H 'OData-Version: 4.0' -H 'Authorization: Bearer any' -w '\n%{http_code}' "$api/$2")
    fi
    status=$(printf '%s' "$printed" | tail -n 1)
    answer=$(printf '%s' "$printed" | sed '$d')
    steps=$((steps + 1))
    if [ "$status" != "$3" ]; then
        echo "step $steps: $1 $2 answered $status, not $3: $answer" >&2
        exit 1
    fi
}

# text NAME: the value of a property that is a text.
text() {
    printf '%s' "$answer" | tr -d '\n' | sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p"
}

# number NAME: the value of a property that is a number, or null.
number() {
    printf '%s' "$answer" | tr -d '\n' | sed -n "s/.*\"$1\":\(-\{0,1\}[0-9a-z.]*\).*/\1/p"
}

# expect WHAT FOUND WANTED
expect() {
    if [ "$2" != "$3" ]; then
        echo "step $steps: $1 is '$2', not '$3': $answer" >&2
        exit 1
    fi
}

# body FILE JSON: writes a body; @NAME@ stands for the package of that name.
body() {
    file=$1
    name=$(printf '%s' "$2" | sed -n 's/.*@\([a-z0-9.-]*\)@.*/\1/p')
    if [ -z "$name" ]; then
        printf '%s' "$2" >"$file"
        return
    fi
    printf '%s' "${2%%@*}" >"$file"
    cat "$packages/$name" >>"$file"
    printf '%s' "${2##*@}" >>"$file"
}

# poll ID: waits as clients do, until completedon is set.
poll() {
    tries=0
    while [ $tries -lt 600 ]; do
        call GET "asyncoperations($1)?\$select=statecode,statuscode,completedon,friendlymessage" 200
        if [ -n "$(text completedon)" ]; then
            expect statecode "$(number statecode)" 3
            return
        fi
        tries=$((tries + 1))
        sleep 0.1
    done
    echo "asyncoperations($1) does not end" >&2
    exit 1
}

done_with() {
    echo "{\"flow\":\"$1\",\"steps\":$steps}"
}
