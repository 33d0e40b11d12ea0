"""Files on S3, or on what speaks like it."""

from __future__ import annotations

from pydantic import Field, SecretStr

from mlvitals.core.settings import ConfigFile, HttpUrl, Settings


class S3(Settings):
    """How S3, or what speaks like it, is reached."""

    endpoint_url: HttpUrl | None = Field(None, description="another service than Amazon's, such as http://minio:9000")
    region: str | None = Field(None, description="region of the bucket")
    access_key: str | None = Field(
        None,
        description="access key; without it AWS's usual places are asked (environment, ~/.aws, the machine's role)",
    )
    secret_key: SecretStr | None = Field(None, description="its secret key")
    secret_key_file: ConfigFile | None = Field(None, description="file that holds the secret key")
    ca_file: ConfigFile | None = Field(None, description="CA that signed the certificate of endpoint_url")
