//! UpdateFunctionConfiguration.

use lanthorn_control::Control;
use lanthorn_control::functions::change::ConfigurationChange;
use lanthorn_control::functions::update_configuration;
use lanthorn_model::arn::Qualifier;
use lanthorn_wire::context::Context;
use lanthorn_wire::fault::Fault;
use lanthorn_wire::lambda::{FunctionConfiguration, UpdateFunctionConfigurationRequest};

use super::spelled::Spelled;
use super::unbuilt::{Asks as _, refuse};
use super::{configuration, settings};
use crate::fault_map::IntoFault as _;

pub(super) async fn handle(
    control: &Control,
    context: &Context,
    input: UpdateFunctionConfigurationRequest,
) -> Result<FunctionConfiguration, Fault> {
    let (request, qualifier) = read(context, input)?;
    let function = control.update_function_configuration(request).await.map_err(|error| error.into_fault())?;
    Ok(configuration::whole(&function, qualifier.as_ref()))
}

fn read(
    context: &Context,
    input: UpdateFunctionConfigurationRequest,
) -> Result<(update_configuration::UpdateFunctionConfiguration, Option<Qualifier>), Fault> {
    // Every member is named: one that a later model adds must be built or refused.
    let UpdateFunctionConfigurationRequest {
        function_name,
        role,
        handler,
        description,
        timeout,
        memory_size,
        vpc_config,
        environment,
        runtime,
        dead_letter_config,
        kms_key_arn,
        tracing_config,
        revision_id,
        layers,
        file_system_configs,
        image_config,
        ephemeral_storage,
        snap_start,
        logging_config,
        capacity_provider_config,
        durable_config,
        runtime_config,
        accelerator_config,
    } = input;
    let (id, qualifier) = Spelled::read(context, &function_name, None)?.latest()?;
    refuse("VpcConfig", vpc_config.asks())?;
    refuse("DeadLetterConfig", dead_letter_config.asks())?;
    refuse("KMSKeyArn", kms_key_arn.asks())?;
    refuse("TracingConfig Active", tracing_config.asks())?;
    refuse("Layers", layers.asks())?;
    refuse("FileSystemConfigs", file_system_configs.asks())?;
    refuse("ImageConfig", image_config.asks())?;
    refuse("SnapStart", snap_start.asks())?;
    refuse("CapacityProviderConfig", capacity_provider_config.is_some())?;
    refuse("DurableConfig", durable_config.is_some())?;
    refuse("RuntimeConfig", runtime_config.is_some())?;
    refuse("AcceleratorConfig", accelerator_config.is_some())?;
    let change = ConfigurationChange {
        runtime: runtime.as_deref().map(settings::runtime).transpose()?,
        handler,
        role: role.as_deref().map(settings::role).transpose()?,
        description,
        memory_mib: memory_size.map(|size| settings::number("MemorySize", size)).transpose()?,
        timeout_s: timeout.map(|timeout| settings::number("Timeout", timeout)).transpose()?,
        ephemeral_storage_mib: ephemeral_storage
            .map(|storage| settings::number("EphemeralStorage", storage.size))
            .transpose()?,
        environment: environment.map(|environment| environment.variables.unwrap_or_default()),
        tracing: None,
        logging: logging_config.map(settings::logging),
    };
    Ok((update_configuration::UpdateFunctionConfiguration { id, change, revision_id }, qualifier))
}
