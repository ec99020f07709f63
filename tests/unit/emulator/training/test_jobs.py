"""Training jobs run: what they find, what becomes of what they make, and what is told of them."""

import json
import math
import re

from tests.unit.emulator.emulated import refusal
from tests.unit.emulator.training.jobs import FRAMEWORK, Account, archive, python, unpacked

LOOK = """
import json, os, pathlib
base = pathlib.Path("/opt/ml")
config = {file.stem: json.loads(file.read_text()) for file in (base / "input/config").iterdir()}
data = {str(file.relative_to(base)): file.read_text() for file in (base / "input/data").rglob("*") if file.is_file()}
known = {name: value for name, value in os.environ.items() if name.startswith(("SM_", "TRAINING_", "MINE"))}
print(json.dumps({"config": config, "data": data, "environ": known, "cwd": os.getcwd()}))
(base / "model/weights").write_text("w")
(base / "model/deep").mkdir()
(base / "model/deep/more").write_text("m")
(base / "model/link").symlink_to("/etc/passwd")
(base / "output/data/plot").write_text("p")
"""


def test_a_program_finds_sagemakers_layout_and_leaves_its_artifacts_in_s3(account: Account) -> None:
    account.put("data/train/a.csv", "1")
    account.put("data/train/deep/b.csv", "2")
    account.put("data/other.csv", "3")
    told = account.run(
        "layout",
        python(LOOK),
        HyperParameters={"epochs": "3"},
        Environment={"MINE": "yes"},
        InputDataConfig=[
            account.channel("train", "data/train") | {"ContentType": "text/csv"},
            account.channel("one", "data/other.csv"),
        ],
    )
    job = told["TrainingJobName"]
    assert (told["TrainingJobStatus"], told["SecondaryStatus"]) == ("Completed", "Completed")
    seen = json.loads(account.lines(job)[0])
    channel = {"TrainingInputMode": "File", "S3DistributionType": "FullyReplicated", "RecordWrapperType": "None"}
    assert seen["config"]["hyperparameters"] == {"epochs": "3"}
    assert seen["config"]["inputdataconfig"] == {"train": channel | {"ContentType": "text/csv"}, "one": channel}
    assert seen["config"]["resourceconfig"]["current_host"] == "algo-1"
    assert seen["config"]["resourceconfig"]["hosts"] == ["algo-1"]
    assert seen["data"] == {
        "input/data/train/a.csv": "1",
        "input/data/train/deep/b.csv": "2",
        "input/data/one/other.csv": "3",
    }
    arn = f"arn:aws:sagemaker:eu-west-1:123456789012:training-job/{job}"
    assert seen["environ"] == {"TRAINING_JOB_NAME": job, "TRAINING_JOB_ARN": arn, "MINE": "yes"}
    assert told["ModelArtifacts"]["S3ModelArtifacts"] == f"s3://{account.bucket}/out/{job}/output/model.tar.gz"
    assert unpacked(account.get(f"out/{job}/output/model.tar.gz")) == {"weights": "w", "deep/more": "m"}
    assert unpacked(account.get(f"out/{job}/output/output.tar.gz")) == {"plot": "p"}


def test_what_is_told_of_a_job_goes_through_aws_s_statuses_in_order(account: Account) -> None:
    account.put("in/a", "1")
    told = account.run("order", "true", InputDataConfig=[account.channel("in", "in")])
    assert [(each["Status"], each["StatusMessage"]) for each in told["SecondaryStatusTransitions"]] == [
        ("Starting", "Preparing the instances for training"),
        ("Downloading", "Downloading input data"),
        ("Training", "Training image download completed. Training in progress."),
        ("Uploading", "Uploading generated training model"),
        ("Completed", "Training job completed"),
    ]
    moments = [each[side] for each in told["SecondaryStatusTransitions"] for side in ("StartTime", "EndTime")]
    assert moments == sorted(moments)
    assert told["CreationTime"] <= told["TrainingStartTime"] <= told["TrainingEndTime"]
    assert told["BillableTimeInSeconds"] == told["TrainingTimeInSeconds"] >= 1
    assert "FailureReason" not in told


def test_the_last_value_of_a_metric_is_told_as_a_number_of_32_bits(account: Account) -> None:
    definitions = [
        {"Name": "loss", "Regex": r"loss=(\S+)"},
        {"Name": "accuracy", "Regex": "accuracy: ([0-9.]+)"},
        {"Name": "never", "Regex": "never=([0-9]+)"},
    ]
    command = "echo loss=3.5; echo 'accuracy: 0.9737'; echo loss=bad >&2; echo loss=0.25 >&2"
    told = account.run("metrics", command, algorithm={"MetricDefinitions": definitions})
    found = {each["MetricName"]: each["Value"] for each in told["FinalMetricDataList"]}
    assert list(found) == ["loss", "accuracy"]
    assert found["loss"] == 0.25
    assert found["accuracy"] != 0.9737
    assert math.isclose(found["accuracy"], 0.9737, rel_tol=1e-6)


def test_a_failure_is_told_in_aws_s_words_and_its_output_is_kept(account: Account) -> None:
    told = account.run("fails", "echo half > /opt/ml/model/half; echo no data > /opt/ml/output/failure; exit 3")
    assert (told["TrainingJobStatus"], told["SecondaryStatus"]) == ("Failed", "Failed")
    assert told["FailureReason"] == "AlgorithmError: no data, exit code: 3"
    assert unpacked(account.get(f"out/{told['TrainingJobName']}/output/model.tar.gz")) == {"half": "half\n"}
    assert account.run("dies", "kill -SEGV $$")["FailureReason"] == "AlgorithmError: Exit Code: 139"


def test_a_failure_file_that_leads_out_of_the_container_is_not_followed(account: Account) -> None:
    told = account.run("leads-out", "rm -r /opt/ml/output; ln -s /etc /opt/ml/output; exit 1")
    assert told["FailureReason"] == "AlgorithmError: Exit Code: 1"


def test_an_image_of_aws_s_runs_a_script_as_the_toolkit_does(account: Account) -> None:
    script = """
import json, os, sys
print(json.dumps([sys.argv[1:], os.environ["SM_HP_RATE"], json.loads(os.environ["SM_HPS"]), os.environ["SM_MODEL_DIR"],
    json.loads(os.environ["SM_TRAINING_ENV"])["job_name"]]))
open(os.path.join(os.environ["SM_MODEL_DIR"], "model"), "w").write("fine")
"""
    account.put("code.tar.gz", archive({"train.py": script}))
    request = account.request(
        "script",
        "",
        HyperParameters={
            "sagemaker_program": "train.py",
            "sagemaker_submit_directory": f"s3://{account.bucket}/code.tar.gz",
            "rate": "0.5",
            "name": '"adam"',
        },
    )
    request["AlgorithmSpecification"] = {"TrainingImage": FRAMEWORK, "TrainingInputMode": "File"}
    account.sagemaker.create_training_job(**request)
    job = request["TrainingJobName"]
    assert account.end(job)["TrainingJobStatus"] == "Completed"
    line = next(line for line in account.lines(job) if line.startswith("[["))
    assert json.loads(line) == [
        ["--name", "adam", "--rate", "0.5"],
        "0.5",
        {"rate": 0.5, "name": "adam"},
        "/opt/ml/model",
        job,
    ]
    assert unpacked(account.get(f"out/{job}/output/model.tar.gz")) == {"model": "fine"}
    request |= {
        "TrainingJobName": f"{job}-2",
        "HyperParameters": request["HyperParameters"] | {"sagemaker_program": "no"},
    }
    account.sagemaker.create_training_job(**request)
    reason = account.end(f"{job}-2")["FailureReason"]
    assert re.fullmatch(
        r'AlgorithmError: ExecuteUserScriptError:\nExitCode 127\nErrorMessage ".*not found"\nCommand'
        r' "/bin/sh -c ./no .*", exit code: 127',
        reason,
        re.DOTALL,
    )


def test_jobs_are_listed_page_by_page_and_the_status_applies_to_a_page(account: Account) -> None:
    first, second = account.run("list-a", "true"), account.run("list-b", "exit 1")
    names = [first["TrainingJobName"], second["TrainingJobName"]]
    wanted = {"NameContains": "list-", "SortBy": "Name", "SortOrder": "Ascending"}
    listed = account.sagemaker.list_training_jobs(**wanted)["TrainingJobSummaries"]
    assert [each["TrainingJobName"] for each in listed] == names
    page = account.sagemaker.list_training_jobs(**wanted, MaxResults=1, StatusEquals="Failed")
    assert page["TrainingJobSummaries"] == []
    rest = account.sagemaker.list_training_jobs(**wanted, StatusEquals="Failed", NextToken=page["NextToken"])
    assert [each["TrainingJobName"] for each in rest["TrainingJobSummaries"]] == names[1:]
    assert "NextToken" not in rest


def test_a_job_that_is_over_can_be_deleted_and_its_name_used_again(account: Account) -> None:
    job = account.run("again", "true")["TrainingJobName"]
    code, said = refusal(lambda: account.start("again", "true"))
    assert (code, "already exists" in said) == ("ResourceInUse", True)
    arn = account.describe(job)["TrainingJobArn"]
    account.sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "team", "Value": "ml"}])
    assert account.sagemaker.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "team", "Value": "ml"}]
    account.sagemaker.delete_training_job(TrainingJobName=job)
    assert refusal(lambda: account.describe(job)) == ("ValidationException", "Requested resource not found.")
    assert account.run("again", "true")["TrainingJobStatus"] == "Completed"


def test_an_image_that_cannot_be_pulled_fails_the_job(account: Account) -> None:
    missing = FRAMEWORK.replace("763104351884", "123456789012")
    for image in (missing, FRAMEWORK.replace("eu-west-1", "us-east-1"), FRAMEWORK.replace("pytorch", "no-such")):
        told = account.run("image", "true", algorithm={"TrainingImage": image})
        assert told["FailureReason"] == (
            "ClientError: Cannot pull algorithm container. Either the image does not exist or its permissions are"
            " incorrect."
        )
        account.sagemaker.delete_training_job(TrainingJobName=told["TrainingJobName"])
