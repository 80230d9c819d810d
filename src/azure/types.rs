//! Resource types, in Azure's spelling: what can be captured, and what machines are behind.

/// A virtual machine.
pub const VIRTUAL_MACHINE: &str = "Microsoft.Compute/virtualMachines";
/// A scale set.
pub const SCALE_SET: &str = "Microsoft.Compute/virtualMachineScaleSets";
/// An instance of a scale set.
pub const INSTANCE: &str = "Microsoft.Compute/virtualMachineScaleSets/virtualMachines";
/// A network interface.
pub const NETWORK_INTERFACE: &str = "Microsoft.Network/networkInterfaces";
/// A public IP address.
pub const PUBLIC_ADDRESS: &str = "Microsoft.Network/publicIPAddresses";
/// A load balancer.
pub const LOAD_BALANCER: &str = "Microsoft.Network/loadBalancers";
/// An application gateway.
pub const APPLICATION_GATEWAY: &str = "Microsoft.Network/applicationGateways";
