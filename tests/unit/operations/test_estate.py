from studioctl.terraform.state_resources import DEPOSED, Estate

TYPE = "aws_sagemaker_studio_lifecycle_config"


def test_what_could_not_be_deleted_is_told_from_its_successor() -> None:
    instances = [
        {"attributes": {"id": "new", "arn": "arn:new"}},
        {"attributes": {"id": "old", "arn": "arn:old"}, "deposed": "1a2b3c4d"},
    ]
    data = {"mode": "data", "type": TYPE, "name": "looked_up", "instances": [{"attributes": {"id": "other"}}]}
    estate = Estate({"resources": [{"mode": "managed", "type": TYPE, "name": "editor", "instances": instances}, data]})

    assert [(address, attributes["id"]) for address, attributes in estate.resources(TYPE)] == [
        (f"{TYPE}.editor", "new"),
        (f"{TYPE}.editor{DEPOSED}", "old"),
    ]
    assert list(estate.arns()) == ["arn:new", "arn:old"]
