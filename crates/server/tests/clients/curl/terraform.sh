#!/bin/sh
# What the Terraform provider does with a managed solution: look, stage, import what was staged, poll, ask for the
# result (on v9.0), upgrade, delete.
. "$(dirname "$0")/common.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

call GET 'RetrieveVersion()' 200
call GET 'WhoAmI()' 200
[ -n "$(text UserId)" ]
call GET "environmentvariabledefinitions?%24select=schemaname,ismanaged&%24filter=schemaname%20eq%20%27contoso_Address%27" 200

# install PACKAGE ACTION
install() {
    body "$work/stage" "{\"CustomizationFile\":\"@$1@\"}"
    call POST StageSolution 200 "$work/stage"
    expect StageSolutionStatus "$(text StageSolutionStatus)" Passed
    upload=$(text StageSolutionUploadId)
    body "$work/import" "{\"OverwriteUnmanagedCustomizations\":false,\"PublishWorkflows\":true,\"ComponentParameters\":[],\"SolutionParameters\":{\"StageSolutionUploadId\":\"$upload\"}}"
    call POST "$2" 200 "$work/import"
    job=$(text ImportJobKey)
    poll "$(text AsyncOperationId)"
    expect statuscode "$(number statuscode)" 30
    api="$host/api/data/v9.0"
    call GET "RetrieveSolutionImportResult(ImportJobId=$job)" 200
    api="$host/api/data/v9.2"
    expect Status "$(text Status)" Passed
}

install contoso-core-1.0 ImportSolutionAsync
call GET "solutions?\$select=solutionid,version&\$filter=uniquename%20eq%20'ContosoCore'" 200
expect version "$(text version)" 1.0.0.0
install contoso-core-1.1 StageAndUpgradeAsync
call GET "solutions?\$expand=publisherid&\$filter=isvisible%20eq%20true&\$orderby=createdon%20desc" 200
call GET "solutions?\$select=solutionid,version&\$filter=uniquename%20eq%20'ContosoCore'" 200
expect version "$(text version)" 1.1.0.0
solution=$(text solutionid)
call DELETE "solutions($solution)" 204
call GET "solutions?\$select=solutionid&\$filter=uniquename%20eq%20'ContosoCore'" 200
expect solutionid "$(text solutionid)" ""
done_with terraform
