"""The `cloud` kind. Clouds cannot be had in a test: each of their programs is a fake here, a script that prints what the
real one prints. Those of aws were heard from awscli 1.46 in front of moto; the others are from the programs' sources
and issue trackers.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cockpit.checks.cloud import KIND, CloudSpec
from cockpit.checks.cloud_commands import CLIS
from cockpit.checks.cloud_words import Absent, failure
from cockpit.checks.kind import Unmeasurable
from tests.support.measuring import Measure, ended_in_time, secret
from tests.support.programs import Answer, StandIn, stand_in
from tests.support.routes import Detour

DATABASE = {
    "DBInstances": [
        {
            "DBInstanceIdentifier": "bot-prod",
            "DBInstanceStatus": "available",
            "StorageEncrypted": True,
            "PubliclyAccessible": False,
            "BackupRetentionPeriod": 7,
            "KmsKeyId": "arn:aws:kms:eu-west-1:123456789012:key/1",
            "MasterUserPassword": "hunter2-of-the-database",
        }
    ]
}
ASKING = ["rds", "describe-db-instances"]


@pytest.fixture
def aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    return stand_in("aws", {
        "describe-db-instances": Answer(json.dumps(DATABASE)),
        "describe-alarms": Answer('{"MetricAlarms": []}'),
        "s3 ls": Answer("2026-11-24 08:15:45 backups\n"),
        "head-bucket --bucket good": Answer(),
        "head-bucket": Answer("", "\nAn error occurred (404) when calling the HeadBucket operation: Not Found", 255),
        "get-public-access-block": Answer("", "\nAn error occurred (AccessDenied) when calling the GetPublicAccessBlock"
                                          " operation: Access Denied", 254),
        "list-half": Answer('{"Buckets": ['),
        "list-deep": Answer("[" * 3000 + "]" * 3000),
        "list-slow": Answer(after=30),
        "list-settings": Answer('{"environment": [{"name": "DB_PASSWORD", "value": "hunter2-of-the-database"}]}'),
    }, tmp_path, monkeypatch)  # fmt: skip


def test_an_answer_and_a_view_of_it_are_measured(measured: Measure, aws: StandIn) -> None:
    spec = {"aws": ASKING, "region": "eu-west-1", "profile": "prod"}
    found = measured("cloud", spec, "data.DBInstances[0].BackupRetentionPeriod >= 7 && status == 0 && took < 60.0")
    assert found.result == "PASS", found
    assert found.request == "aws rds describe-db-instances --profile prod --region eu-west-1"
    view = "DBInstances[0].{status: DBInstanceStatus, encrypted: StorageEncrypted, open: PubliclyAccessible}"
    found = measured(
        "cloud", {**spec, "view": view}, "view.status == 'available' && view.encrypted && !view.open && count == 1"
    )
    assert found.result == "PASS", found
    assert found.request.endswith(f" | {view}")


@pytest.mark.parametrize(
    ("view", "condition", "summary", "figure"),
    [
        ("DBInstances[0].DBInstanceStatus", "value == 'available'", "available in 0.", 1.0),
        ("DBInstances[0].BackupRetentionPeriod", "value >= 7", "7 in 0.", 7.0),
        ("DBInstances[0].StorageEncrypted", "value == true", "true in 0.", 1.0),
        ("DBInstances[].DBInstanceIdentifier", "count == 1 && view == ['bot-prod']", "1 in the list in 0.", 1.0),
    ],
)
def test_a_single_value_is_named_and_plotted(
    measured: Measure, aws: StandIn, view: str, condition: str, summary: str, figure: float
) -> None:
    found = measured("cloud", {"aws": ASKING, "view": view}, condition)
    assert (found.result, found.value) == ("PASS", figure), found
    assert found.summary.startswith(summary)


@pytest.mark.parametrize(
    "spec",
    [
        {"aws": ["cloudwatch", "describe-alarms"], "view": "MetricAlarms"},
        {"aws": ASKING, "view": "DBInstances[0].Misspelt"},
        {"aws": ["s3api", "head-bucket", "--bucket", "nope"]},
        {"aws": ["s3api", "head-bucket", "--bucket", "good"]},
    ],
    ids=["an empty list", "a view of nothing", "not there", "no answer"],
)
def test_nothing_is_a_finding_and_not_green(measured: Measure, aws: StandIn, spec: dict[str, Any]) -> None:
    found = measured("cloud", spec)
    assert (found.result, found.value) == ("FAIL", 0.0), found


def test_what_exists_without_an_answer_shows_by_its_exit_status(measured: Measure, aws: StandIn) -> None:
    asked = {"aws": ["s3api", "head-bucket", "--bucket", "good"]}
    assert measured("cloud", asked, "status == 0").result == "PASS"
    asked = {"aws": ["s3api", "head-bucket", "--bucket", "nope"]}
    found = measured("cloud", asked, "status == 0")
    assert (found.result, found.summary[:38]) == ("FAIL", "there is no such thing: Not Found; not")


def test_text_is_taken_as_it_is(measured: Measure, aws: StandIn) -> None:
    assert measured("cloud", {"aws": ["s3", "ls"]}, "value.contains('backups')").result == "PASS"


@pytest.mark.parametrize(
    ("words", "summary"),
    [
        (["s3api", "list-half"], "aws printed JSON that ends too soon or is wrong"),
        (["s3api", "list-deep"], "nested"),
        (["s3api", "list-unheard-of"], "aws failed: exit status 99, and no word"),
        (["s3api", "get-public-access-block"], "access denied: Access Denied"),
    ],
)
def test_what_cannot_be_measured_is_an_error_in_words(
    measured: Measure, aws: StandIn, words: list[str], summary: str
) -> None:
    found = measured("cloud", {"aws": words})
    assert found.result == "ERROR"
    assert summary in found.summary


def test_a_cloud_that_does_not_answer_is_given_up_in_time(measured: Measure, aws: StandIn) -> None:
    found = measured("cloud", {"aws": ["s3api", "list-slow"]}, timeout=1.0)
    assert (found.result, found.summary) == ("ERROR", "timed out: aws did not end in 0.8 s")
    assert ended_in_time(found, 1.0)


def test_without_the_program_it_says_so(measured: Measure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    found = measured("cloud", {"az": ["account", "show"]})
    assert found.result == "ERROR"
    assert "az" in found.summary


def test_secrets_of_an_answer_are_compared_and_never_shown(measured: Measure, aws: StandIn) -> None:
    for asked, view in (
        (ASKING, ""),
        (ASKING, "DBInstances[0].MasterUserPassword"),
        (ASKING, "DBInstances[0].{p: MasterUserPassword}"),
        (["ecs", "list-settings"], "environment[0].value"),
    ):
        found = measured("cloud", {"aws": asked, "view": view}, "view == 'x' || data == 'y' || count == 99")
        assert found.result == "FAIL"
        assert "hunter2" not in str(found)
    password = {"aws": ASKING, "view": "DBInstances[0].MasterUserPassword"}
    assert measured("cloud", password, "value == 'hunter2-of-the-database'").result == "PASS"
    assert "arn:aws:kms" in measured("cloud", {"aws": ASKING}).evidence


def test_credentials_go_into_the_environment_and_into_no_command_line(measured: Measure, aws: StandIn) -> None:
    key = "wJalrXUtnFEMI-EXAMPLE"
    spec = {"aws": ASKING, "environment": {"AWS_SECRET_ACCESS_KEY": "${secret}"}}
    found = measured("cloud", spec, "status == 7", values=secret(key))
    assert aws.environment()["AWS_SECRET_ACCESS_KEY"] == key
    assert key not in str(found) + "".join(aws.calls)


def test_it_goes_through_the_host_that_the_check_names(measured: Measure, aws: StandIn) -> None:
    detour = Detour()
    found = measured("cloud", {"aws": ASKING}, via="detour", routes=detour)
    assert found.result == "PASS", found
    assert found.request.endswith(" on detour")
    assert len(detour.went) == 1


# --- how each program is called


@pytest.mark.parametrize(
    ("spec", "line", "variables"),
    [
        (
            {"aws": ASKING, "region": "eu-west-1", "endpoint": "http://localhost:1"},
            (
                "rds describe-db-instances --region eu-west-1 --endpoint-url http://localhost:1 --output json"
                " --cli-connect-timeout 1 --cli-read-timeout 4"
            ),
            {"AWS_PAGER": "", "AWS_MAX_ATTEMPTS": "2"},
        ),
        (
            {"az": ["account", "show"], "subscription": "prod"},
            "account show --subscription prod --output json --only-show-errors",
            {"AZURE_CORE_COLLECT_TELEMETRY": "false", "AZURE_EXTENSION_USE_DYNAMIC_INSTALL": "no"},
        ),
        (
            {"doctl": ["databases", "list"], "context": "prod"},
            "databases list --context prod --output json",
            {"DIGITALOCEAN_HTTP_RETRY_MAX": "1"},
        ),
        (
            {"gcloud": ["sql", "instances", "describe", "bot"], "project": "bot-prod"},
            "sql instances describe bot --project bot-prod --format=json --quiet",
            {"CLOUDSDK_CORE_DISABLE_PROMPTS": "true", "CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK": "true"},
        ),
    ],
    ids=list(CLIS),
)
def test_each_program_is_told_to_print_json_and_to_ask_nobody(
    measured: Measure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spec: dict[str, Any], line: str,
    variables: dict[str, str],
) -> None:  # fmt: skip
    program = stand_in(next(iter(spec)), {"": Answer('[{"status": "online"}]')}, tmp_path, monkeypatch)
    assert measured("cloud", spec, "count == 1", timeout=5.0).result == "PASS"
    assert program.calls == [line]
    environment = program.environment()
    assert {name: environment.get(name) for name in variables} == variables


# --- what it will not run

READING = [
    "aws rds describe-db-instances --db-instance-identifier x", "aws s3api get-bucket-encryption --bucket b",
    "aws iam list-access-keys", "aws s3 ls s3://backups", "aws iam simulate-principal-policy", "aws dynamodb scan",
    "aws cloudformation validate-template --template-body file://t.yaml", "aws kms describe-key --key-id x",
    "az account show", "az postgres flexible-server show -g g -n n", "az vm list -d", "az network vnet list",
    "az network application-gateway show-backend-health -g g -n n", "az deployment group what-if -g g",
    "az storage account list", "az keyvault secret list --vault-name v",
    "doctl databases list", "doctl compute droplet get 123", "doctl databases backups 9cc1", "doctl account get",
    "doctl registry repository list-tags bot", "doctl compute domain records list example.com",
    "gcloud sql instances describe bot", "gcloud projects list", "gcloud container clusters describe prod --zone z",
    "gcloud logging read severity>=ERROR", "gcloud projects get-iam-policy bot",
]  # fmt: skip

REFUSED = [
    ("aws rds delete-db-instance --db-instance-identifier x", "it is not known to read only"),
    ("aws s3 rm s3://backups", "it is not known to read only"),
    ("aws s3 cp s3://a s3://b", "it is not known to read only"),
    ("aws ec2 run-instances", "it is not known to read only"),
    ("aws describe-db-instances", "needs the words of a command of"),
    ("aws --region x rds describe-db-instances", "needs the words of a command of"),
    ("aws s3api get-object out.bin --bucket b --key k", "it would write the file out.bin"),
    ("aws secretsmanager get-secret-value --secret-id x", "it prints a credential"),
    ("aws sts get-session-token", "it prints a credential"),
    ("aws ecr get-login-password", "it prints a credential"),
    ("aws configure get aws_secret_access_key", "it prints a credential"),
    ("aws ssm get-parameter --name x --with-decryption", "with `--with-decryption`"),
    ("aws rds describe-db-instances --debug", "with `--debug`"),
    ("aws rds describe-db-instances --output=text", "with `--output`"),
    ("az vm delete -n x", "it is not known to read only"),
    ("az rest --method get", "needs the words of a command of"),
    ("az aks get-credentials -n x", "it prints a credential"),
    ("az account get-access-token", "it prints a credential"),
    ("az storage account keys list -n x", "it prints a credential"),
    ("az redis list-keys -n x", "it prints a credential"),
    ("az keyvault secret show -n x", "it prints a credential"),
    ("doctl compute droplet delete 123", "it is not known to read only"),
    ("doctl compute droplet delete list", "it is not known to read only"),
    ("doctl compute droplet-action power-off get", "it is not known to read only"),
    ("doctl kubernetes cluster kubeconfig show x", "it prints a credential"),
    ("doctl databases list --access-token x", "with `--access-token`"),
    ("doctl databases list --trace", "with `--trace`"),
    ("gcloud sql instances delete list", "it is not known to read only"),
    ("gcloud container clusters get-credentials prod", "it prints a credential"),
    ("gcloud auth print-access-token", "it prints a credential"),
    ("gcloud secrets versions access latest", "it is not known to read only"),
    ("gcloud projects list --format=text", "with `--format`"),
]


@pytest.mark.parametrize("line", READING)
def test_commands_that_read_are_taken(line: str) -> None:
    program, *words = line.split()
    assert KIND.request(CloudSpec.model_validate({program: words})).startswith(f"{program} {words[0]}")


@pytest.mark.parametrize(("line", "reason"), REFUSED, ids=[line for line, _ in REFUSED])
def test_commands_that_may_change_something_or_print_a_credential_are_refused(
    measured: Measure, line: str, reason: str
) -> None:
    program, *words = line.split()
    found = measured("cloud", {program: words})
    assert found.result == "ERROR"
    assert reason in found.summary


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({}, "needs one of `aws`, `az`, `doctl`, `gcloud` with the words of a command"),
        ({"aws": ASKING, "az": ["account", "show"]}, "needs one of"),
        ({"aws": ASKING, "project": "x"}, "has `project`, which is no setting of aws"),
        ({"az": ["account", "show"], "region": "x"}, "has `region`, which is no setting of az"),
        ({"aws": ASKING, "view": "DBInstances[?"}, "`view` is no JMESPath expression: Incomplete expression"),
    ],
)
def test_a_wrong_specification_is_an_error_in_words(measured: Measure, spec: dict[str, Any], words: str) -> None:
    found = measured("cloud", spec)
    assert found.result == "ERROR"
    assert words in found.summary


# --- what the programs say when they fail

ERROR = "An error occurred ({}) when calling the DescribeDBInstances operation: {}"
SAID = [
    ("aws", 255, ERROR.format("DBInstanceNotFound", "DBInstance nope not found."), "DBInstance nope not found."),
    ("aws", 254, ERROR.format("NoSuchEntity", "Role nope not found"), "Role nope not found"),
    ("aws", 255, ERROR.format("ValidationError", "Stack with id nope does not exist"), "Stack with id nope does not exist"),
    ("aws", 254, ERROR.format("ExpiredToken", "The security token included in the request is expired"),
     "the login to AWS has expired: run `aws configure` or `aws sso login`"),
    ("aws", 255, "Error when retrieving token from sso: Token has expired and refresh failed", "the login to AWS has expired"),
    ("aws", 255, "Error loading SSO Token: Token for https://x.awsapps.com/start does not exist", "nobody is logged in to AWS"),
    ("aws", 253, 'Unable to locate credentials. You can configure credentials by running "aws configure".',
     "nobody is logged in to AWS: run `aws configure` or `aws sso login`, or give credentials by `environment`"),
    ("aws", 254, ERROR.format("InvalidClientTokenId", "The security token included in the request is invalid."),
     "AWS does not accept these credentials: The security token"),
    ("aws", 254, ERROR.format("AccessDenied", "User: arn:aws:iam::1:user/x is not authorized to perform: rds:Describe"),
     "access denied: User: arn:aws:iam::1:user/x is not authorized to perform: rds:Describe"),
    ("aws", 254, ERROR.format("Throttling", "Rate exceeded"), "AWS throttles, too many requests were made"),
    ("aws", 253, 'You must specify a region. You can also configure your region by running "aws configure".',
     "no region is set: write `region`"),
    ("aws", 255, "\nThe config profile (nope) could not be found", "there is no profile nope in the configuration of aws"),
    ("aws", 255, 'Could not connect to the endpoint URL: "https://rds.nowhere-1.amazonaws.com/"',
     "no connection to https://rds.nowhere-1.amazonaws.com/: is the region right?"),
    ("aws", 255, 'Connect timeout on endpoint URL: "https://rds.eu-west-1.amazonaws.com/"', "no answer from https://rds.eu"),
    ("aws", 255, "SSL validation failed for https://127.0.0.1:1/ [SSL: WRONG_VERSION_NUMBER]", "the certificate of https://127"),
    ("aws", 252, ("usage: aws [options]\n\n  aws help\n\naws: error: argument operation: Invalid choice, valid choices are:\n\n"
     "add-role | add-tags"), "aws does not understand the command: argument operation: Invalid choice"),
    ("aws", 255, "usage: aws help\n\nUnknown options: --frob, x", "aws does not know the option --frob, x"),
    ("az", 1, "ERROR: Please run 'az login' to setup account.", "nobody is logged in to Azure: run `az login`"),
    ("az", 1, "ERROR: AADSTS700082: The refresh token has expired due to inactivity.", "the login to Azure has expired"),
    ("az", 3, "ERROR: (ResourceNotFound) The Resource 'Microsoft.Cache/Redis/x' under resource group 'g' was not found.",
     "The Resource 'Microsoft.Cache/Redis/x'"),
    ("az", 1, "ERROR: (ResourceGroupNotFound) Resource group 'g' could not be found.", "Resource group 'g' could not be found"),
    ("az", 1, "ERROR: (AuthorizationFailed) The client 'x' does not have authorization to perform action 'y'",
     "access denied: The client"),
    ("az", 1, "ERROR: (TooManyRequests) The request is being throttled.", "Azure throttles"),
    ("az", 1, "ERROR: The subscription of 'nope' doesn't exist in cloud 'AzureCloud'.", "this login has no subscription nope"),
    ("az", 2, "ERROR: the following arguments are required: --name/-n", "az does not understand the command: the following"),
    ("az", 1, "ERROR: HTTPSConnectionPool(host='management.azure.com', port=443): Max retries exceeded with url: /x",
     "no connection to Azure: HTTPSConnectionPool(host='management.azure.com'"),
    ("doctl", 1, ('{"errors":[{"detail":"Unable to initialize DigitalOcean API client: access token is required. (hint: run'
     " 'doctl auth init')\"}]}"), "nobody is logged in to DigitalOcean: run `doctl auth init`"),
    ("doctl", 1, '{"errors":[{"detail":"GET https://api.digitalocean.com/v2/account: 401 Unable to authenticate you"}]}',
     "DigitalOcean does not accept these credentials: https://api.digitalocean.com/v2/account: 401 Unable"),
    ("doctl", 1, ('{"errors":[{"detail":"GET https://api.digitalocean.com/v2/droplets/1: 404 (request \\"a\\") The resource you'
     ' were accessing could not be found."}]}'), "https://api.digitalocean.com/v2/droplets/1: 404"),
    ("doctl", 1, "Error: GET https://api.digitalocean.com/v2/x: 403 You are not authorized", "access denied: "),
    ("doctl", 1, "Error: GET https://api.digitalocean.com/v2/x: 429 Too many requests", "DigitalOcean throttles"),
    ("doctl", 1, 'Error: Get "https://api.digitalocean.com/v2/account": dial tcp: lookup api.digitalocean.com: no such host',
     "no connection to DigitalOcean: "),
    ("doctl", 1, "Error: unknown flag: --frob", "doctl does not understand the command: unknown flag: --frob"),
    ("gcloud", 1, "ERROR: (gcloud.sql.instances.list) You do not currently have an active account selected.\nPlease run:\n",
     "nobody is logged in to Google Cloud: run `gcloud auth login`"),
    ("gcloud", 1, ("ERROR: (gcloud.sql.instances.list) There was a problem refreshing your current auth tokens:"
     " Reauthentication failed. cannot prompt during non-interactive execution."), "the login to Google Cloud has expired"),
    ("gcloud", 1, "ERROR: (gcloud.sql.instances.describe) HTTPError 404: The Cloud SQL instance does not exist.",
     "HTTPError 404: The Cloud SQL instance"),
    ("gcloud", 1, ("ERROR: (gcloud.compute.instances.list) Some requests did not succeed:\n - Required"
     " 'compute.instances.list' permission for 'projects/x'"), "access denied: Some requests did not succeed"),
    ("gcloud", 1, "ERROR: (gcloud.projects.describe) PERMISSION_DENIED: The caller does not have permission", "access denied"),
    ("gcloud", 1, "ERROR: (gcloud.sql.instances.list) The required property [project] is not currently set.",
     "no project is set: write `project`"),
    ("gcloud", 1, "ERROR: (gcloud.x.y) RESOURCE_EXHAUSTED: Quota exceeded", "Google Cloud throttles"),
    ("gcloud", 2, "ERROR: (gcloud.sql) Invalid choice: 'frobs'.", "gcloud does not understand the command: Invalid choice"),
    ("gcloud", 1, "ERROR: gcloud crashed (ServerNotFoundError): Unable to find the server at sqladmin.googleapis.com",
     "no connection to Google Cloud: gcloud crashed"),
    ("az", 127, "sh: 1: az: not found", "there is no az: install it"),
    ("az", 1, "ERROR: something new", "az failed: something new"),
]  # fmt: skip

FINDINGS = ("not found", "does not exist", "404", "could not be found", "The Resource ")


@pytest.mark.parametrize(("program", "status", "said", "words"), SAID, ids=[f"{each[0]}: {each[3]}" for each in SAID])
def test_what_a_program_says_is_told_in_words(program: str, status: int, said: str, words: str) -> None:
    told = failure(CLIS[program], status, said)
    assert str(told).startswith(words)
    assert isinstance(told, Absent if any(word in words for word in FINDINGS) else Unmeasurable)


def test_clouds_and_accounts_are_limited_apart() -> None:
    aws, other, doctl = (
        KIND.server(spec)  # type: ignore[attr-defined]
        for spec in ({"aws": ["s3", "ls"]}, {"aws": ["s3", "ls"], "region": "eu-west-2"}, {"doctl": ["account", "get"]})
    )
    assert len({aws, other, doctl}) == 3
    assert KIND.server({"aws": ["ec2", "describe-instances"]}) == aws  # type: ignore[attr-defined]
