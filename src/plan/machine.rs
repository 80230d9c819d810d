//! What captures are taken on, and what an alert's target can be.

use serde::{Deserialize, Serialize};

use super::LeftOut;
use crate::{
    alert::Target,
    azure::{resource_id::ResourceId, types},
    sort::sort_by,
    text::clean,
};

/// What a capture is taken on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// Its ARM id.
    #[serde(rename = "target")]
    pub id: ResourceId,
    /// What it is.
    #[serde(rename = "targetType")]
    pub kind: MachineKind,
    /// Which instances of a scale set; empty = all of them.
    #[serde(rename = "scope", default, skip_serializing_if = "Instances::is_all")]
    pub instances: Instances,
}

/// `targetType` in Azure's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum MachineKind {
    /// A virtual machine.
    AzureVM,
    /// A scale set: Azure refuses its instances as targets, they go into `scope`.
    AzureVMSS,
    /// Not a machine: what leads to machines that still have to be asked for. Azure is never sent this.
    Unresolved,
}

/// `scope` of a capture on a scale set.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instances {
    /// Instance ids.
    pub include: Vec<String>,
}

impl Instances {
    /// Whether no instance is singled out.
    #[must_use]
    pub fn is_all(&self) -> bool {
        self.include.is_empty()
    }
}

/// What a target of an alert can be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A machine.
    Machine(Machine),
    /// A resource that machines are behind: Azure has to be asked which.
    Network(ResourceId),
    /// A computer's name: Azure has to be asked which machine bears it.
    Computer(String),
}

/// Resources that machines are behind, by type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NetworkKind {
    /// `Microsoft.Network/networkInterfaces`
    Interface,
    /// `Microsoft.Network/publicIPAddresses`
    PublicAddress,
    /// `Microsoft.Network/loadBalancers`
    LoadBalancer,
    /// `Microsoft.Network/applicationGateways`
    ApplicationGateway,
}

const NETWORK_KINDS: [(&str, NetworkKind); 4] = [
    (types::NETWORK_INTERFACE, NetworkKind::Interface),
    (types::PUBLIC_ADDRESS, NetworkKind::PublicAddress),
    (types::LOAD_BALANCER, NetworkKind::LoadBalancer),
    (types::APPLICATION_GATEWAY, NetworkKind::ApplicationGateway),
];

impl Machine {
    /// The machine that `id` is, or is a part of (an instance, an extension, an instance's network interface).
    #[must_use]
    pub fn of(id: &ResourceId) -> Option<Self> {
        if let Some(vm) = id.up_to(types::VIRTUAL_MACHINE) {
            return Some(Self::new(vm, MachineKind::AzureVM));
        }
        let set = id.up_to(types::SCALE_SET)?;
        let include =
            id.up_to(types::INSTANCE).map(|instance| instance.name().to_owned()).into_iter().collect();
        Some(Self { instances: Instances { include }, ..Self::new(set, MachineKind::AzureVMSS) })
    }

    /// What stands for machines that are not known yet.
    #[must_use]
    pub fn unresolved(id: ResourceId) -> Self {
        Self::new(id, MachineKind::Unresolved)
    }

    fn new(id: ResourceId, kind: MachineKind) -> Self {
        Self { id, kind, instances: Instances::default() }
    }

    /// The same text for every spelling of the machine: what a capture's name is derived from.
    #[must_use]
    pub fn canonical(&self) -> String {
        let id = self.id.canonical();
        if self.instances.is_all() { id } else { format!("{id} {}", self.instances.include.join(",")) }
    }

    /// For people: a virtual machine, a scale set.
    #[must_use]
    pub fn what(&self) -> &'static str {
        match self.kind {
            MachineKind::AzureVM => "virtual machine",
            MachineKind::AzureVMSS => "scale set",
            MachineKind::Unresolved => "resource",
        }
    }
}

/// What kind of resource that machines are behind `id` is, or is a part of, and its id.
#[must_use]
pub fn network(id: &ResourceId) -> Option<(NetworkKind, ResourceId)> {
    NETWORK_KINDS.iter().find_map(|(name, kind)| Some((*kind, id.up_to(name)?)))
}

/// What `target` is.
///
/// # Errors
/// [`LeftOut`] if nothing of it can be captured.
pub fn subject(target: &Target) -> Result<Subject, LeftOut> {
    let text = match target {
        Target::Computer(name) => return Ok(Subject::Computer(name.clone())),
        Target::Resource(text) => text,
    };
    let no_machine = |why: String| LeftOut::new(clean(text), "notAMachine", why);
    let id = ResourceId::parse(text).map_err(|why| no_machine(format!("the target {why}")))?;
    if let Some(machine) = Machine::of(&id) {
        return Ok(Subject::Machine(machine));
    }
    network(&id).map(|(_, id)| Subject::Network(id)).ok_or_else(|| {
        no_machine(
            "the target is neither a virtual machine nor a scale set, and no network interface, public IP address, \
             load balancer or application gateway before some"
                .to_owned(),
        )
    })
}

/// Each machine once; instances of one scale set together, unless the whole set is among them.
#[must_use]
pub fn together(machines: Vec<Machine>) -> Vec<Machine> {
    let mut all: Vec<Machine> = Vec::new();
    for machine in machines {
        let Some(known) = all.iter_mut().find(|known| known.id == machine.id) else {
            all.push(machine);
            continue;
        };
        if known.instances.is_all() || machine.instances.is_all() {
            known.instances = Instances::default();
        } else {
            known.instances.include.extend(machine.instances.include);
        }
    }
    for machine in &mut all {
        // One order, so that each delivery leads to the same name.
        sort_by(&mut machine.instances.include, Ord::cmp);
        machine.instances.include.dedup();
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUP: &str = "/subscriptions/s-1/resourceGroups/rg-a/providers";

    fn id(rest: &str) -> ResourceId {
        ResourceId::parse(&format!("{GROUP}/{rest}")).unwrap()
    }

    #[test]
    fn an_instance_of_a_scale_set_is_its_set_and_a_scope() {
        let machine =
            Machine::of(&id("microsoft.compute/virtualmachinescalesets/api/virtualMachines/3")).unwrap();
        assert_eq!((machine.kind, machine.id.name()), (MachineKind::AzureVMSS, "api"));
        assert_eq!(machine.instances.include, ["3"]);
        let json = serde_json::to_value(&machine).unwrap();
        assert_eq!(json["scope"], serde_json::json!({"include": ["3"]}));
        let set = Machine::of(&id("Microsoft.Compute/virtualMachineScaleSets/api")).unwrap();
        assert!(serde_json::to_value(&set).unwrap().get("scope").is_none());
        assert_ne!(set.canonical(), machine.canonical());
    }

    #[test]
    fn parts_of_a_machine_are_the_machine() {
        for (part, name, instances) in [
            ("Microsoft.Compute/virtualMachines/web-01/extensions/x", "web-01", 0),
            (
                "Microsoft.Compute/virtualMachineScaleSets/api/virtualMachines/0/networkInterfaces/n/ipConfigurations/c",
                "api",
                1,
            ),
        ] {
            let machine = Machine::of(&id(part)).unwrap();
            assert_eq!((machine.id.name(), machine.instances.include.len()), (name, instances));
        }
        assert_eq!(Machine::of(&id("Microsoft.Web/sites/shop")), None);
    }

    #[test]
    fn what_stands_before_machines_is_known_by_its_type_or_a_part_of_it() {
        for (part, kind) in [
            ("Microsoft.Network/networkInterfaces/n/ipConfigurations/c", NetworkKind::Interface),
            ("microsoft.network/publicipaddresses/p", NetworkKind::PublicAddress),
            ("Microsoft.Network/loadBalancers/l/frontendIPConfigurations/f", NetworkKind::LoadBalancer),
            ("Microsoft.Network/applicationGateways/a", NetworkKind::ApplicationGateway),
        ] {
            assert_eq!(network(&id(part)).unwrap().0, kind);
        }
        assert_eq!(network(&id("Microsoft.Network/virtualNetworks/v")), None);
    }

    #[test]
    fn instances_of_one_set_come_together_in_one_order() {
        let of = |part: &str| {
            Machine::of(&id(&format!("Microsoft.Compute/virtualMachineScaleSets/{part}"))).unwrap()
        };
        let machines = together(vec![
            of("api/virtualMachines/3"),
            of("API/virtualMachines/0"),
            of("other"),
            of("api/virtualMachines/3"),
        ]);
        assert_eq!(machines.len(), 2);
        assert_eq!(machines[0].instances.include, ["0", "3"]);
        assert!(together(vec![of("api/virtualMachines/3"), of("api")])[0].instances.is_all());
    }
}
