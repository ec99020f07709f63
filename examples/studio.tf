# A Studio environment of nothing but Terraform: a domain, a user, and a space with its running editor.
# docs/how-to/use-the-emulator-with-other-programs.md applies it on the emulator.

terraform {
  required_providers {
    aws = { source = "hashicorp/aws", version = "5.100.0" }
  }
}
provider "aws" {}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["sagemaker.amazonaws.com"]
    }
  }
}

resource "aws_vpc" "this" {
  cidr_block = "10.0.0.0/24"
}

resource "aws_subnet" "this" {
  vpc_id     = aws_vpc.this.id
  cidr_block = "10.0.0.0/25"
}

resource "aws_iam_role" "this" {
  name               = "studio"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_sagemaker_domain" "this" {
  domain_name = "mine"
  auth_mode   = "IAM"
  vpc_id      = aws_vpc.this.id
  subnet_ids  = [aws_subnet.this.id]
  default_user_settings { execution_role = aws_iam_role.this.arn }
  retention_policy { home_efs_file_system = "Delete" }
}

resource "aws_sagemaker_user_profile" "ada" {
  domain_id         = aws_sagemaker_domain.this.id
  user_profile_name = "ada"
}

resource "aws_sagemaker_space" "ada" {
  domain_id  = aws_sagemaker_domain.this.id
  space_name = "ada"
  ownership_settings { owner_user_profile_name = aws_sagemaker_user_profile.ada.user_profile_name }
  space_sharing_settings { sharing_type = "Private" }
  space_settings {
    app_type = "CodeEditor"
    code_editor_app_settings {
      default_resource_spec { instance_type = "ml.t3.medium" }
    }
  }
}

resource "aws_sagemaker_app" "ada" {
  domain_id  = aws_sagemaker_domain.this.id
  space_name = aws_sagemaker_space.ada.space_name
  app_name   = "default"
  app_type   = "CodeEditor"
  resource_spec { instance_type = "ml.t3.medium" }
}
