"""The whole life of a packet capture with Microsoft's own Python clients, unmodified, against the stand-in.

Reads its settings as JSON from the first argument; trust comes from REQUESTS_CA_BUNDLE. Prints one line per step and ends
with exit code 0 only if every step did what it should.
"""

import datetime
import json
import os
import struct
import sys
import tempfile
import urllib.request

from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceNotFoundError
from azure.identity import (
    CertificateCredential,
    ClientAssertionCredential,
    ClientSecretCredential,
    ManagedIdentityCredential,
    WorkloadIdentityCredential,
)
from azure.mgmt.authorization import AuthorizationManagementClient
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.network import NetworkManagementClient
from azure.mgmt.storage import StorageManagementClient
from azure.storage.blob import BlobClient, BlobSasPermissions, BlobServiceClient, generate_blob_sas

settings = json.loads(sys.argv[1])
endpoint, sample = settings["https"], settings["sample"]
subscription, machine_id = sample["subscription_id"], sample["machine_id"]
group, machine_name = machine_id.split("/")[4], machine_id.split("/")[8]
authority = {"authority": endpoint, "disable_instance_discovery": True}


def step(text):
    print(text, flush=True)


def expect(condition, text):
    if not condition:
        raise SystemExit(f"FAILED: {text}")
    step(text)


def control(route, body):
    request = urllib.request.Request(
        f"{settings['http']}/_standin/{route}", json.dumps(body).encode(), {"content-type": "application/json"}
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


# 1. Sign in, every way, and not with a wrong secret.
secret = ClientSecretCredential(sample["tenant_id"], sample["client_id"], sample["client_secret"], **authority)
certificate = CertificateCredential(
    sample["tenant_id"], sample["client_id"], certificate_path=settings["certificate_file"], **authority
)
wrong = ClientSecretCredential(sample["tenant_id"], sample["client_id"], "not-the-secret", **authority)
arm_scope = "https://management.azure.com/.default"
expect(secret.get_token(arm_scope).token, "signed in with a secret")
expect(certificate.get_token(arm_scope).token, "signed in with a certificate")
try:
    wrong.get_token(arm_scope)
    raise SystemExit("FAILED: a wrong secret was taken")
except ClientAuthenticationError as error:
    expect("AADSTS7000215" in str(error), "a wrong secret is refused with AADSTS7000215")

trusted = {"issuer": sample["federated_issuer"], "subject": sample["federated_subject"]}


def outside_token():
    return control("federated-token", trusted)["token"]


asserted = ClientAssertionCredential(sample["tenant_id"], sample["client_id"], outside_token, **authority)
expect(asserted.get_token(arm_scope).token, "signed in with an outside issuer's token")
with tempfile.NamedTemporaryFile("w", suffix=".jwt") as file:
    file.write(outside_token())
    file.flush()
    workload = WorkloadIdentityCredential(
        tenant_id=sample["tenant_id"], client_id=sample["client_id"], token_file_path=file.name, **authority
    )
    expect(workload.get_token(arm_scope).token, "and with one in a file, as a cluster's workload does")
stranger = dict(trusted, subject="system:serviceaccount:other:other")
refused = ClientAssertionCredential(
    sample["tenant_id"], sample["client_id"], lambda: control("federated-token", stranger)["token"], **authority
)
try:
    refused.get_token(arm_scope)
    raise SystemExit("FAILED: another subject was taken")
except ClientAuthenticationError as error:
    expect("AADSTS700213" in str(error), "another subject is refused with AADSTS700213")

os.environ["AZURE_POD_IDENTITY_AUTHORITY_HOST"] = settings["http"]
own = ManagedIdentityCredential()
expect(own.get_token(arm_scope).token, "signed in as the host's own managed identity")
resource_id = sample["identity_resource_id"]
by_client = ManagedIdentityCredential(client_id=sample["identity_client_id"])
by_resource = ManagedIdentityCredential(identity_config={"resource_id": resource_id})
expect(by_client.get_token(arm_scope).token, "and as one that is named by its client id")
managed_network = NetworkManagementClient(by_resource, subscription, base_url=endpoint)
expect(list(managed_network.network_watchers.list_all()), "ARM takes one that is named by its resource id")
unknown = ManagedIdentityCredential(client_id="00000000-0000-4000-8000-000000000000")
try:
    unknown.get_token(arm_scope)
    raise SystemExit("FAILED: an identity that the host does not have was found")
except ClientAuthenticationError as error:
    expect("Identity not found" in str(error), "an identity that the host does not have is not found")

compute = ComputeManagementClient(certificate, subscription, base_url=endpoint)
network = NetworkManagementClient(secret, subscription, base_url=endpoint)

# 2. The machine, its agent, and its region's watcher.
machine = compute.virtual_machines.get(group, machine_name)
agents = [r for r in machine.resources if r.publisher == "Microsoft.Azure.NetworkWatcher"]
expect(len(agents) == 1, f"the machine {machine.name} in {machine.location} has the agent {agents[0].properties.type}")
view = compute.virtual_machines.get(group, machine_name, expand="instanceView").instance_view
expect(any(s.code == "PowerState/running" for s in view.statuses), "it is running")
watcher = next(w for w in network.network_watchers.list_all() if w.location == machine.location)
watcher_group = watcher.id.split("/")[4]
expect(watcher.name, f"the watcher of its region is {watcher.name} in {watcher_group}")

# 3. What leads to machines, and what a capture needs beside one.
every = list(compute.virtual_machines.list_all())
twins = [m.id.split("/")[4] for m in every if m.name == "twin-01"]
expect(twins == ["rg-shop", "rg-lab"], f"{len(every)} machines are listed, page by page, two of them with one name")
here = [m.os_profile.computer_name for m in compute.virtual_machines.list(group)]
expect("FS01" in here, f"{len(here)} of them are in {group}, one knows itself as FS01")
instance = compute.virtual_machine_scale_set_vms.get(group, "vmss-api", "3", expand="instanceView")
expect(
    (instance.instance_id, instance.os_profile.computer_name) == ("3", "vmss-api000003")
    and instance.resources[0].publisher == "Microsoft.Azure.NetworkWatcher",
    f"the instance {instance.name} knows itself as {instance.os_profile.computer_name}",
)
nic = network.network_interfaces.get(group, machine.network_profile.network_interfaces[0].id.split("/")[-1])
configuration = nic.ip_configurations[0]
expect(nic.virtual_machine.id == machine.id, f"its interface {nic.name} has {configuration.private_ip_address}")
address = network.public_ip_addresses.get(group, configuration.public_ip_address.id.split("/")[-1])
expect(address.ip_configuration.id == configuration.id, f"{address.ip_address} leads back to it")
balancer = network.load_balancers.get(group, "lb-shop")
pool = balancer.backend_address_pools[0]
expect(
    configuration.id in [c.id for c in pool.backend_ip_configurations]
    and pool.load_balancer_backend_addresses[0].network_interface_ip_configuration.id == configuration.id,
    f"the load balancer {balancer.name} leads to it too",
)
behind = network.load_balancers.get(group, "lb-api").backend_address_pools[0].backend_ip_configurations
expect(instance.network_profile.network_interfaces[0].id in behind[1].id, "and another to a scale set's instances")
gateway = network.application_gateways.get(group, "agw-shop")
expect(
    gateway.backend_address_pools[0].backend_addresses[0].fqdn == "shop.example",
    f"the application gateway {gateway.name} leads to a name",
)
storage = StorageManagementClient(secret, subscription, base_url=endpoint)
account = storage.storage_accounts.get_properties(group, sample["storage_account_id"].split("/")[-1])
expect(account.allow_shared_key_access is None, f"{account.name} takes keys, as it was never told not to")
walled = storage.storage_accounts.get_properties(group, "stshopfirewalled")
expect(walled.network_rule_set.default_action == "Deny", f"{walled.name} is behind a firewall")
rights = AuthorizationManagementClient(secret, subscription, base_url=endpoint).permissions
told = list(rights.list_for_resource(group, "Microsoft.Compute", "", "virtualMachines", machine_name))
expect(told[0].actions == ["*"] and list(rights.list_for_resource_group(group)), "the app may do everything here")

# 4. A capture that ends by itself.
captures = network.packet_captures
place = (watcher_group, watcher.name)
name = "python-sdk"
created = captures.begin_create(
    *place,
    name,
    {
        "properties": {
            "target": machine_id,
            "timeLimitInSeconds": 2,
            "bytesToCapturePerPacket": 96,
            "storageLocation": {"storageId": sample["storage_account_id"]},
        }
    },
).result()
expect(created.provisioning_state == "Succeeded", f"created {created.name}")
path = created.storage_location.storage_path
expect(captures.get(*place, name).bytes_to_capture_per_packet == 96, "its properties are read back")
try:
    captures.begin_create(
        *place, name, {"properties": {"target": machine_id, "storageLocation": {"filePath": "/var/captures/a.cap"}}}
    )
    raise SystemExit("FAILED: the same name was taken twice")
except HttpResponseError as error:
    expect(error.status_code == 409, "the same name is refused")
status = captures.begin_get_status(*place, name).result()
expect(status.packet_capture_status in ("Running", "Stopped"), f"status {status.packet_capture_status}")
for _ in range(20):
    status = captures.begin_get_status(*place, name).result()
    if status.packet_capture_status == "Stopped":
        break
expect(
    (status.packet_capture_status, status.stop_reason) == ("Stopped", "TimeExceeded"),
    f"it ended: {status.stop_reason}, started {status.capture_start_time}",
)

# 5. A capture that is stopped.
captures.begin_create(
    *place,
    "python-sdk-stopped",
    {
        "properties": {
            "target": machine_id,
            "storageLocation": {"storageId": sample["storage_account_id"]},
            "filters": [{"protocol": "TCP", "localPort": "80"}],
        }
    },
).result()
captures.begin_stop(*place, "python-sdk-stopped").result()
captures.begin_stop(*place, "python-sdk-stopped").result()
status = captures.begin_get_status(*place, "python-sdk-stopped").result()
expect(status.stop_reason == "Manual", "stopped by hand, twice without an error")
names = sorted(c.name for c in captures.list(*place))
expect(names == ["python-sdk", "python-sdk-stopped"], f"the list has {names}")

# 6. The file. It comes some time after the end.
blob = BlobClient.from_blob_url(path, credential=certificate)
for _ in range(50):
    try:
        content = blob.download_blob(max_concurrency=1).readall()
        break
    except ResourceNotFoundError:
        continue
else:
    raise SystemExit("FAILED: the file did not come")
magic, major, minor, _, _, _, link = struct.unpack("<IHHiIII", content[:24])
expect((magic, major, minor, link) == (0xA1B2C3D4, 2, 4, 1), f"downloaded a pcap of {len(content)} bytes")
offset, packets = 24, 0
while offset < len(content):
    _, _, length, original = struct.unpack("<IIII", content[offset : offset + 16])
    expect_length = min(original, 96)
    if length != expect_length:
        raise SystemExit(f"FAILED: packet {packets} has {length} bytes of {original}")
    offset += 16 + length
    packets += 1
expect(packets > 20 and offset == len(content), f"it holds {packets} packets of at most 96 bytes")

# 7. The list of what lies there, page by page, and a link that opens the file for a while.
account_url = path.split(f"/{blob.container_name}/")[0]
storage = BlobServiceClient(account_url, credential=secret)
folder = blob.blob_name.rsplit("/", 1)[0]
listed = storage.get_container_client(blob.container_name).list_blobs(name_starts_with=folder, results_per_page=1)
sizes = {one.name: one.size for one in listed}
expect(sizes[blob.blob_name] == len(content), f"{len(sizes)} files are listed in its folder")
now = datetime.datetime.now(datetime.timezone.utc)
until = now + datetime.timedelta(hours=1)
key = storage.get_user_delegation_key(now, until)
place_of_blob = (blob.account_name, blob.container_name, blob.blob_name)


def opened_by(**kwargs):
    options = {"permission": BlobSasPermissions(read=True), "expiry": until, **kwargs}
    sas = generate_blob_sas(*place_of_blob, user_delegation_key=key, **options)
    return BlobClient.from_blob_url(path, credential=sas).download_blob().readall()


expect(opened_by(protocol="https") == content, "a link with a user delegation key opens it")
for what, options in {
    "whose time is over": {"expiry": now - datetime.timedelta(minutes=1)},
    "whose time has not come": {"start": until},
    "that does not let read": {"permission": BlobSasPermissions(delete=True)},
}.items():
    try:
        opened_by(**options)
        raise SystemExit(f"FAILED: a link {what} opened it")
    except (ClientAuthenticationError, HttpResponseError) as error:
        expect(error.status_code == 403, f"a link {what} does not")

# 8. Away with both; deleting what is not there is no error, and the file stays.
for each in names:
    captures.begin_delete(*place, each).result()
captures.begin_delete(*place, "never-was").result()
expect(not list(captures.list(*place)), "deleted")
try:
    captures.get(*place, name)
    raise SystemExit("FAILED: it is still there")
except ResourceNotFoundError as error:
    expect(error.error.code == "ResourceNotFound", "it is gone")
expect(blob.exists(), "its file is still there")
