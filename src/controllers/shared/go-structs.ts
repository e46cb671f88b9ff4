/**
 * The fields of a PodTemplateSpec's Go types in declaration order, needed for pod-template-hash, which is a sum over
 * their printed form. One type a line: its name, then `Field:Type` for each field; `~` stands for `v1.`, `Field@json`
 * names a JSON key that is not the field's name with a small first letter, and `Field@-` is an embedded struct.
 * Source: k8s 1.36 api/core/v1 types.go, apimachinery meta/v1 types.go.
 */
export const GO_STRUCTS = `
OwnerReference APIVersion@apiVersion:string Kind:string Name:string UID@uid:types.UID Controller:*bool BlockOwnerDeletion:*bool
ManagedFieldsEntry Manager:string Operation:~ManagedFieldsOperationType APIVersion@apiVersion:string Time:*~Time FieldsType:string FieldsV1:*~FieldsV1 Subresource:string
ObjectMeta Name:string GenerateName:string Namespace:string SelfLink:string UID@uid:types.UID ResourceVersion:string Generation:int64 CreationTimestamp:~Time DeletionTimestamp:*~Time DeletionGracePeriodSeconds:*int64 Labels:map[string]string Annotations:map[string]string OwnerReferences:[]~OwnerReference Finalizers:[]string ManagedFields:[]~ManagedFieldsEntry
HostPathVolumeSource Path:string Type:*~HostPathType
EmptyDirVolumeSource Medium:~StorageMedium SizeLimit:*resource.Quantity
GCEPersistentDiskVolumeSource PDName@pdName:string FSType@fsType:string Partition:int32 ReadOnly:bool
AWSElasticBlockStoreVolumeSource VolumeID:string FSType@fsType:string Partition:int32 ReadOnly:bool
GitRepoVolumeSource Repository:string Revision:string Directory:string
KeyToPath Key:string Path:string Mode:*int32
SecretVolumeSource SecretName:string Items:[]~KeyToPath DefaultMode:*int32 Optional:*bool
NFSVolumeSource Server:string Path:string ReadOnly:bool
LocalObjectReference Name:string
ISCSIVolumeSource TargetPortal:string IQN@iqn:string Lun:int32 ISCSIInterface@iscsiInterface:string FSType@fsType:string ReadOnly:bool Portals:[]string DiscoveryCHAPAuth@chapAuthDiscovery:bool SessionCHAPAuth@chapAuthSession:bool SecretRef:*~LocalObjectReference InitiatorName:*string
GlusterfsVolumeSource EndpointsName@endpoints:string Path:string ReadOnly:bool
PersistentVolumeClaimVolumeSource ClaimName:string ReadOnly:bool
RBDVolumeSource CephMonitors@monitors:[]string RBDImage@image:string FSType@fsType:string RBDPool@pool:string RadosUser@user:string Keyring:string SecretRef:*~LocalObjectReference ReadOnly:bool
FlexVolumeSource Driver:string FSType@fsType:string SecretRef:*~LocalObjectReference ReadOnly:bool Options:map[string]string
CinderVolumeSource VolumeID:string FSType@fsType:string ReadOnly:bool SecretRef:*~LocalObjectReference
CephFSVolumeSource Monitors:[]string Path:string User:string SecretFile:string SecretRef:*~LocalObjectReference ReadOnly:bool
FlockerVolumeSource DatasetName:string DatasetUUID:string
ObjectFieldSelector APIVersion@apiVersion:string FieldPath:string
ResourceFieldSelector ContainerName:string Resource:string Divisor:resource.Quantity
DownwardAPIVolumeFile Path:string FieldRef:*~ObjectFieldSelector ResourceFieldRef:*~ResourceFieldSelector Mode:*int32
DownwardAPIVolumeSource Items:[]~DownwardAPIVolumeFile DefaultMode:*int32
FCVolumeSource TargetWWNs:[]string Lun:*int32 FSType@fsType:string ReadOnly:bool WWIDs@wwids:[]string
AzureFileVolumeSource SecretName:string ShareName:string ReadOnly:bool
ConfigMapVolumeSource LocalObjectReference@-:~LocalObjectReference Items:[]~KeyToPath DefaultMode:*int32 Optional:*bool
VsphereVirtualDiskVolumeSource VolumePath:string FSType@fsType:string StoragePolicyName:string StoragePolicyID:string
QuobyteVolumeSource Registry:string Volume:string ReadOnly:bool User:string Group:string Tenant:string
AzureDiskVolumeSource DiskName:string DataDiskURI@diskURI:string CachingMode:*~AzureDataDiskCachingMode FSType@fsType:*string ReadOnly:*bool Kind:*~AzureDataDiskKind
PhotonPersistentDiskVolumeSource PdID:string FSType@fsType:string
SecretProjection LocalObjectReference@-:~LocalObjectReference Items:[]~KeyToPath Optional:*bool
DownwardAPIProjection Items:[]~DownwardAPIVolumeFile
ConfigMapProjection LocalObjectReference@-:~LocalObjectReference Items:[]~KeyToPath Optional:*bool
ServiceAccountTokenProjection Audience:string ExpirationSeconds:*int64 Path:string
LabelSelectorRequirement Key:string Operator:~LabelSelectorOperator Values:[]string
LabelSelector MatchLabels:map[string]string MatchExpressions:[]~LabelSelectorRequirement
ClusterTrustBundleProjection Name:*string SignerName:*string LabelSelector:*~LabelSelector Optional:*bool Path:string
PodCertificateProjection SignerName:string KeyType:string MaxExpirationSeconds:*int32 CredentialBundlePath:string KeyPath:string CertificateChainPath:string UserAnnotations:map[string]string
VolumeProjection Secret:*~SecretProjection DownwardAPI:*~DownwardAPIProjection ConfigMap:*~ConfigMapProjection ServiceAccountToken:*~ServiceAccountTokenProjection ClusterTrustBundle:*~ClusterTrustBundleProjection PodCertificate:*~PodCertificateProjection
ProjectedVolumeSource Sources:[]~VolumeProjection DefaultMode:*int32
PortworxVolumeSource VolumeID:string FSType@fsType:string ReadOnly:bool
ScaleIOVolumeSource Gateway:string System:string SecretRef:*~LocalObjectReference SSLEnabled@sslEnabled:bool ProtectionDomain:string StoragePool:string StorageMode:string VolumeName:string FSType@fsType:string ReadOnly:bool
StorageOSVolumeSource VolumeName:string VolumeNamespace:string FSType@fsType:string ReadOnly:bool SecretRef:*~LocalObjectReference
CSIVolumeSource Driver:string ReadOnly:*bool FSType@fsType:*string VolumeAttributes:map[string]string NodePublishSecretRef:*~LocalObjectReference
VolumeResourceRequirements Limits:~ResourceList Requests:~ResourceList
TypedLocalObjectReference APIGroup@apiGroup:*string Kind:string Name:string
TypedObjectReference APIGroup@apiGroup:*string Kind:string Name:string Namespace:*string
PersistentVolumeClaimSpec AccessModes:[]~PersistentVolumeAccessMode Selector:*~LabelSelector Resources:~VolumeResourceRequirements VolumeName:string StorageClassName:*string VolumeMode:*~PersistentVolumeMode DataSource:*~TypedLocalObjectReference DataSourceRef:*~TypedObjectReference VolumeAttributesClassName:*string
PersistentVolumeClaimTemplate ObjectMeta@metadata:~ObjectMeta Spec:~PersistentVolumeClaimSpec
EphemeralVolumeSource VolumeClaimTemplate:*~PersistentVolumeClaimTemplate
ImageVolumeSource Reference:string PullPolicy:~PullPolicy
VolumeSource HostPath:*~HostPathVolumeSource EmptyDir:*~EmptyDirVolumeSource GCEPersistentDisk@gcePersistentDisk:*~GCEPersistentDiskVolumeSource AWSElasticBlockStore@awsElasticBlockStore:*~AWSElasticBlockStoreVolumeSource GitRepo:*~GitRepoVolumeSource Secret:*~SecretVolumeSource NFS@nfs:*~NFSVolumeSource ISCSI@iscsi:*~ISCSIVolumeSource Glusterfs:*~GlusterfsVolumeSource PersistentVolumeClaim:*~PersistentVolumeClaimVolumeSource RBD@rbd:*~RBDVolumeSource FlexVolume:*~FlexVolumeSource Cinder:*~CinderVolumeSource CephFS@cephfs:*~CephFSVolumeSource Flocker:*~FlockerVolumeSource DownwardAPI:*~DownwardAPIVolumeSource FC@fc:*~FCVolumeSource AzureFile:*~AzureFileVolumeSource ConfigMap:*~ConfigMapVolumeSource VsphereVolume:*~VsphereVirtualDiskVolumeSource Quobyte:*~QuobyteVolumeSource AzureDisk:*~AzureDiskVolumeSource PhotonPersistentDisk:*~PhotonPersistentDiskVolumeSource Projected:*~ProjectedVolumeSource PortworxVolume:*~PortworxVolumeSource ScaleIO:*~ScaleIOVolumeSource StorageOS@storageos:*~StorageOSVolumeSource CSI@csi:*~CSIVolumeSource Ephemeral:*~EphemeralVolumeSource Image:*~ImageVolumeSource
Volume Name:string VolumeSource@-:~VolumeSource
ContainerPort Name:string HostPort:int32 ContainerPort:int32 Protocol:~Protocol HostIP:string
ConfigMapEnvSource LocalObjectReference@-:~LocalObjectReference Optional:*bool
SecretEnvSource LocalObjectReference@-:~LocalObjectReference Optional:*bool
EnvFromSource Prefix:string ConfigMapRef:*~ConfigMapEnvSource SecretRef:*~SecretEnvSource
ConfigMapKeySelector LocalObjectReference@-:~LocalObjectReference Key:string Optional:*bool
SecretKeySelector LocalObjectReference@-:~LocalObjectReference Key:string Optional:*bool
FileKeySelector VolumeName:string Path:string Key:string Optional:*bool
EnvVarSource FieldRef:*~ObjectFieldSelector ResourceFieldRef:*~ResourceFieldSelector ConfigMapKeyRef:*~ConfigMapKeySelector SecretKeyRef:*~SecretKeySelector FileKeyRef:*~FileKeySelector
EnvVar Name:string Value:string ValueFrom:*~EnvVarSource
ResourceClaim Name:string Request:string
ResourceRequirements Limits:~ResourceList Requests:~ResourceList Claims:[]~ResourceClaim
ContainerResizePolicy ResourceName:~ResourceName RestartPolicy:~ResourceResizeRestartPolicy
ContainerRestartRuleOnExitCodes Operator:~ContainerRestartRuleOnExitCodesOperator Values:[]int32
ContainerRestartRule Action:~ContainerRestartRuleAction ExitCodes:*~ContainerRestartRuleOnExitCodes
VolumeMount Name:string ReadOnly:bool RecursiveReadOnly:*~RecursiveReadOnlyMode MountPath:string SubPath:string MountPropagation:*~MountPropagationMode SubPathExpr:string
VolumeDevice Name:string DevicePath:string
ExecAction Command:[]string
HTTPHeader Name:string Value:string
HTTPGetAction Path:string Port:intstr.IntOrString Host:string Scheme:~URIScheme HTTPHeaders@httpHeaders:[]~HTTPHeader
TCPSocketAction Port:intstr.IntOrString Host:string
GRPCAction Port:int32 Service:*string
ProbeHandler Exec:*~ExecAction HTTPGet@httpGet:*~HTTPGetAction TCPSocket@tcpSocket:*~TCPSocketAction GRPC@grpc:*~GRPCAction
Probe ProbeHandler@-:~ProbeHandler InitialDelaySeconds:int32 TimeoutSeconds:int32 PeriodSeconds:int32 SuccessThreshold:int32 FailureThreshold:int32 TerminationGracePeriodSeconds:*int64
SleepAction Seconds:int64
LifecycleHandler Exec:*~ExecAction HTTPGet@httpGet:*~HTTPGetAction TCPSocket@tcpSocket:*~TCPSocketAction Sleep:*~SleepAction
Lifecycle PostStart:*~LifecycleHandler PreStop:*~LifecycleHandler StopSignal:*~Signal
Capabilities Add:[]~Capability Drop:[]~Capability
SELinuxOptions User:string Role:string Type:string Level:string
WindowsSecurityContextOptions GMSACredentialSpecName@gmsaCredentialSpecName:*string GMSACredentialSpec@gmsaCredentialSpec:*string RunAsUserName:*string HostProcess:*bool
SeccompProfile Type:~SeccompProfileType LocalhostProfile:*string
AppArmorProfile Type:~AppArmorProfileType LocalhostProfile:*string
SecurityContext Capabilities:*~Capabilities Privileged:*bool SELinuxOptions@seLinuxOptions:*~SELinuxOptions WindowsOptions:*~WindowsSecurityContextOptions RunAsUser:*int64 RunAsGroup:*int64 RunAsNonRoot:*bool ReadOnlyRootFilesystem:*bool AllowPrivilegeEscalation:*bool ProcMount:*~ProcMountType SeccompProfile:*~SeccompProfile AppArmorProfile:*~AppArmorProfile
Container Name:string Image:string Command:[]string Args:[]string WorkingDir:string Ports:[]~ContainerPort EnvFrom:[]~EnvFromSource Env:[]~EnvVar Resources:~ResourceRequirements ResizePolicy:[]~ContainerResizePolicy RestartPolicy:*~ContainerRestartPolicy RestartPolicyRules:[]~ContainerRestartRule VolumeMounts:[]~VolumeMount VolumeDevices:[]~VolumeDevice LivenessProbe:*~Probe ReadinessProbe:*~Probe StartupProbe:*~Probe Lifecycle:*~Lifecycle TerminationMessagePath:string TerminationMessagePolicy:~TerminationMessagePolicy ImagePullPolicy:~PullPolicy SecurityContext:*~SecurityContext Stdin:bool StdinOnce:bool TTY@tty:bool
EphemeralContainerCommon Name:string Image:string Command:[]string Args:[]string WorkingDir:string Ports:[]~ContainerPort EnvFrom:[]~EnvFromSource Env:[]~EnvVar Resources:~ResourceRequirements ResizePolicy:[]~ContainerResizePolicy RestartPolicy:*~ContainerRestartPolicy RestartPolicyRules:[]~ContainerRestartRule VolumeMounts:[]~VolumeMount VolumeDevices:[]~VolumeDevice LivenessProbe:*~Probe ReadinessProbe:*~Probe StartupProbe:*~Probe Lifecycle:*~Lifecycle TerminationMessagePath:string TerminationMessagePolicy:~TerminationMessagePolicy ImagePullPolicy:~PullPolicy SecurityContext:*~SecurityContext Stdin:bool StdinOnce:bool TTY@tty:bool
EphemeralContainer EphemeralContainerCommon@-:~EphemeralContainerCommon TargetContainerName:string
Sysctl Name:string Value:string
PodSecurityContext SELinuxOptions@seLinuxOptions:*~SELinuxOptions WindowsOptions:*~WindowsSecurityContextOptions RunAsUser:*int64 RunAsGroup:*int64 RunAsNonRoot:*bool SupplementalGroups:[]int64 SupplementalGroupsPolicy:*~SupplementalGroupsPolicy FSGroup@fsGroup:*int64 Sysctls:[]~Sysctl FSGroupChangePolicy@fsGroupChangePolicy:*~PodFSGroupChangePolicy SeccompProfile:*~SeccompProfile AppArmorProfile:*~AppArmorProfile SELinuxChangePolicy@seLinuxChangePolicy:*~PodSELinuxChangePolicy
NodeSelectorRequirement Key:string Operator:~NodeSelectorOperator Values:[]string
NodeSelectorTerm MatchExpressions:[]~NodeSelectorRequirement MatchFields:[]~NodeSelectorRequirement
NodeSelector NodeSelectorTerms:[]~NodeSelectorTerm
PreferredSchedulingTerm Weight:int32 Preference:~NodeSelectorTerm
NodeAffinity RequiredDuringSchedulingIgnoredDuringExecution:*~NodeSelector PreferredDuringSchedulingIgnoredDuringExecution:[]~PreferredSchedulingTerm
PodAffinityTerm LabelSelector:*~LabelSelector Namespaces:[]string TopologyKey:string NamespaceSelector:*~LabelSelector MatchLabelKeys:[]string MismatchLabelKeys:[]string
WeightedPodAffinityTerm Weight:int32 PodAffinityTerm:~PodAffinityTerm
PodAffinity RequiredDuringSchedulingIgnoredDuringExecution:[]~PodAffinityTerm PreferredDuringSchedulingIgnoredDuringExecution:[]~WeightedPodAffinityTerm
PodAntiAffinity RequiredDuringSchedulingIgnoredDuringExecution:[]~PodAffinityTerm PreferredDuringSchedulingIgnoredDuringExecution:[]~WeightedPodAffinityTerm
Affinity NodeAffinity:*~NodeAffinity PodAffinity:*~PodAffinity PodAntiAffinity:*~PodAntiAffinity
Toleration Key:string Operator:~TolerationOperator Value:string Effect:~TaintEffect TolerationSeconds:*int64
HostAlias IP@ip:string Hostnames:[]string
PodDNSConfigOption Name:string Value:*string
PodDNSConfig Nameservers:[]string Searches:[]string Options:[]~PodDNSConfigOption
PodReadinessGate ConditionType:~PodConditionType
TopologySpreadConstraint MaxSkew:int32 TopologyKey:string WhenUnsatisfiable:~UnsatisfiableConstraintAction LabelSelector:*~LabelSelector MinDomains:*int32 NodeAffinityPolicy:*~NodeInclusionPolicy NodeTaintsPolicy:*~NodeInclusionPolicy MatchLabelKeys:[]string
PodOS Name:~OSName
PodSchedulingGate Name:string
PodResourceClaim Name:string ResourceClaimName:*string ResourceClaimTemplateName:*string
PodSchedulingGroup PodGroupName:*string
PodSpec Volumes:[]~Volume InitContainers:[]~Container Containers:[]~Container EphemeralContainers:[]~EphemeralContainer RestartPolicy:~RestartPolicy TerminationGracePeriodSeconds:*int64 ActiveDeadlineSeconds:*int64 DNSPolicy@dnsPolicy:~DNSPolicy NodeSelector:map[string]string ServiceAccountName:string DeprecatedServiceAccount@serviceAccount:string AutomountServiceAccountToken:*bool NodeName:string HostNetwork:bool HostPID:bool HostIPC:bool ShareProcessNamespace:*bool SecurityContext:*~PodSecurityContext ImagePullSecrets:[]~LocalObjectReference Hostname:string Subdomain:string Affinity:*~Affinity SchedulerName:string Tolerations:[]~Toleration HostAliases:[]~HostAlias PriorityClassName:string Priority:*int32 DNSConfig@dnsConfig:*~PodDNSConfig ReadinessGates:[]~PodReadinessGate RuntimeClassName:*string EnableServiceLinks:*bool PreemptionPolicy:*~PreemptionPolicy Overhead:~ResourceList TopologySpreadConstraints:[]~TopologySpreadConstraint SetHostnameAsFQDN:*bool OS@os:*~PodOS HostUsers:*bool SchedulingGates:[]~PodSchedulingGate ResourceClaims:[]~PodResourceClaim Resources:*~ResourceRequirements HostnameOverride:*string SchedulingGroup:*~PodSchedulingGroup
PodTemplateSpec ObjectMeta@metadata:~ObjectMeta Spec:~PodSpec
`
