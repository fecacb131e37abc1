#!/bin/sh
# What the build tools do: import as holding solution, poll, promote; export, fetch, import elsewhere, publish.
. "$(dirname "$0")/common.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

import="\"OverwriteUnmanagedCustomizations\":false,\"PublishWorkflows\":true"
body "$work/base" "{$import,\"CustomizationFile\":\"@contoso-core-1.0@\"}"
call POST ImportSolutionAsync 200 "$work/base"
job=$(text ImportJobKey)
poll "$(text AsyncOperationId)"
expect statuscode "$(number statuscode)" 30
call GET "importjobs($job)?\$select=progress,completedon,solutionname" 200
expect progress "$(number progress | sed 's/\..*//')" 100

body "$work/holding" "{$import,\"HoldingSolution\":true,\"CustomizationFile\":\"@contoso-core-1.1@\"}"
call POST ImportSolutionAsync 200 "$work/holding"
poll "$(text AsyncOperationId)"
expect statuscode "$(number statuscode)" 30
printf '{"UniqueName":"ContosoCore"}' >"$work/promote"
call POST DeleteAndPromoteAsync 200 "$work/promote"
poll "$(text AsyncOperationId)"
expect statuscode "$(number statuscode)" 30
# A second promote finds nothing to apply.
call POST DeleteAndPromoteAsync 200 "$work/promote"
poll "$(text AsyncOperationId)"
expect statuscode "$(number statuscode)" 31
[ -n "$(text friendlymessage)" ]

body "$work/own" "{$import,\"CustomizationFile\":\"@own@\"}"
call POST ImportSolutionAsync 200 "$work/own"
poll "$(text AsyncOperationId)"
call POST PublishAllXml 204
printf '{"SolutionName":"Contoso","Managed":true}' >"$work/export"
call POST ExportSolutionAsync 200 "$work/export"
export_job=$(text ExportJobId)
poll "$(text AsyncOperationId)"
printf '{"ExportJobId":"%s"}' "$export_job" >"$work/fetch"
call POST DownloadSolutionExportData 200 "$work/fetch"
text ExportSolutionFile >"$work/exported"
packages=$work
body "$work/import" "{$import,\"CustomizationFile\":\"@exported@\"}"
api="$host/target/api/data/v9.2"
call POST ImportSolutionAsync 200 "$work/import"
poll "$(text AsyncOperationId)"
expect statuscode "$(number statuscode)" 30
printf '<importexportxml><entities><entity>contoso_own</entity></entities></importexportxml>' >"$work/xml"
printf '{"ParameterXml":"%s"}' "$(cat "$work/xml")" >"$work/publish"
call POST PublishXml 204 "$work/publish"
done_with build-tools
