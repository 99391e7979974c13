//! CreateFunction.

use lanthorn_control::Control;
use lanthorn_control::functions::change::ConfigurationChange;
use lanthorn_control::functions::create;
use lanthorn_wire::context::Context;
use lanthorn_wire::fault::Fault;
use lanthorn_wire::lambda::{CreateFunctionRequest, FunctionCode, FunctionConfiguration};

use super::spelled::Spelled;
use super::unbuilt::{Asks as _, refuse};
use super::{configuration, settings};
use crate::fault_map::{IntoFault as _, invalid};

pub(super) async fn handle(
    control: &Control,
    context: &Context,
    input: CreateFunctionRequest,
) -> Result<FunctionConfiguration, Fault> {
    let request = read(context, input)?;
    let function = control.create_function(request).await.map_err(|error| error.into_fault())?;
    Ok(configuration::whole(&function, None))
}

fn read(context: &Context, input: CreateFunctionRequest) -> Result<create::CreateFunction, Fault> {
    // Every member is named: one that a later model adds must be built or refused.
    let CreateFunctionRequest {
        function_name,
        runtime,
        role,
        handler,
        code,
        description,
        timeout,
        memory_size,
        publish,
        publish_to,
        vpc_config,
        package_type,
        dead_letter_config,
        environment,
        kms_key_arn,
        tracing_config,
        tags,
        layers,
        file_system_configs,
        code_signing_config_arn,
        image_config,
        architectures,
        ephemeral_storage,
        snap_start,
        logging_config,
        tenancy_config,
        capacity_provider_config,
        durable_config,
        runtime_config,
        accelerator_config,
    } = input;
    let FunctionCode {
        zip_file,
        s3_bucket,
        s3_key,
        s3_object_version,
        s3_object_storage_mode,
        image_uri,
        source_kms_key_arn,
    } = code;
    let id = Spelled::read(context, &function_name, None)?.new_function()?;
    let is_image = package_type.as_deref() == Some("Image");
    refuse("PackageType Image", is_image || image_uri.asks())?;
    refuse("Code in S3", s3_bucket.asks() || s3_key.asks() || s3_object_version.asks())?;
    refuse("S3ObjectStorageMode", s3_object_storage_mode.asks())?;
    refuse("SourceKMSKeyArn", source_kms_key_arn.asks())?;
    refuse("Publish", publish.asks())?;
    refuse("PublishTo", publish_to.asks())?;
    refuse("VpcConfig", vpc_config.asks())?;
    refuse("DeadLetterConfig", dead_letter_config.asks())?;
    refuse("KMSKeyArn", kms_key_arn.asks())?;
    refuse("TracingConfig Active", tracing_config.asks())?;
    refuse("Layers", layers.asks())?;
    refuse("FileSystemConfigs", file_system_configs.asks())?;
    refuse("CodeSigningConfigArn", code_signing_config_arn.asks())?;
    refuse("ImageConfig", image_config.asks())?;
    refuse("SnapStart", snap_start.asks())?;
    refuse("TenancyConfig", tenancy_config.is_some())?;
    refuse("CapacityProviderConfig", capacity_provider_config.is_some())?;
    refuse("DurableConfig", durable_config.is_some())?;
    refuse("RuntimeConfig", runtime_config.is_some())?;
    refuse("AcceleratorConfig", accelerator_config.is_some())?;
    let (Some(runtime), Some(handler)) = (runtime, handler) else {
        // Source of the text: seen in public issues.
        return Err(invalid(
            "Runtime and Handler are mandatory parameters for functions created with deployment packages.",
        ));
    };
    // Source of the text: seen in public issues.
    let zip = zip_file.ok_or_else(|| invalid("Please provide a source for function code."))?;
    let settings = ConfigurationChange {
        description,
        memory_mib: memory_size.map(|size| settings::number("MemorySize", size)).transpose()?,
        timeout_s: timeout.map(|timeout| settings::number("Timeout", timeout)).transpose()?,
        ephemeral_storage_mib: ephemeral_storage
            .map(|storage| settings::number("EphemeralStorage", storage.size))
            .transpose()?,
        environment: environment.map(|environment| environment.variables.unwrap_or_default()),
        logging: logging_config.map(settings::logging),
        ..ConfigurationChange::default()
    };
    Ok(create::CreateFunction {
        id,
        zip,
        runtime: settings::runtime(&runtime)?,
        handler,
        role: settings::role(&role)?,
        architecture: architectures.as_deref().map(settings::architecture).transpose()?,
        settings,
        tags: tags.unwrap_or_default(),
    })
}
