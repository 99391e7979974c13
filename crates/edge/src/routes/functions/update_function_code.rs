//! UpdateFunctionCode.

use lanthorn_control::Control;
use lanthorn_control::functions::update_code;
use lanthorn_model::arn::Qualifier;
use lanthorn_wire::context::Context;
use lanthorn_wire::fault::Fault;
use lanthorn_wire::lambda::{FunctionConfiguration, UpdateFunctionCodeRequest};

use super::spelled::Spelled;
use super::unbuilt::{Asks as _, refuse};
use super::{configuration, settings};
use crate::fault_map::{IntoFault as _, invalid};

pub(super) async fn handle(
    control: &Control,
    context: &Context,
    input: UpdateFunctionCodeRequest,
) -> Result<FunctionConfiguration, Fault> {
    let (request, qualifier) = read(context, input)?;
    let function = control.update_function_code(request).await.map_err(|error| error.into_fault())?;
    Ok(configuration::whole(&function, qualifier.as_ref()))
}

fn read(
    context: &Context,
    input: UpdateFunctionCodeRequest,
) -> Result<(update_code::UpdateFunctionCode, Option<Qualifier>), Fault> {
    // Every member is named: one that a later model adds must be built or refused.
    let UpdateFunctionCodeRequest {
        function_name,
        zip_file,
        s3_bucket,
        s3_key,
        s3_object_version,
        s3_object_storage_mode,
        image_uri,
        architectures,
        publish,
        publish_to,
        dry_run,
        revision_id,
        source_kms_key_arn,
    } = input;
    let (id, qualifier) = Spelled::read(context, &function_name, None)?.latest()?;
    refuse("ImageUri", image_uri.asks())?;
    refuse("Code in S3", s3_bucket.asks() || s3_key.asks() || s3_object_version.asks())?;
    refuse("S3ObjectStorageMode", s3_object_storage_mode.asks())?;
    refuse("SourceKMSKeyArn", source_kms_key_arn.asks())?;
    refuse("Publish", publish.asks())?;
    refuse("PublishTo", publish_to.asks())?;
    // Source of the text: seen in public issues.
    let zip = zip_file.ok_or_else(|| invalid("Please provide a source for function code."))?;
    let request = update_code::UpdateFunctionCode {
        id,
        zip,
        architecture: architectures.as_deref().map(settings::architecture).transpose()?,
        revision_id,
        dry_run: dry_run.unwrap_or(false),
    };
    Ok((request, qualifier))
}
