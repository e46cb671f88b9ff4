/**
 * The fields of Kubernetes' internal types in their order, which its messages print. One text for each type; a field is
 * its name in Go, '=' and its name in the API where that isn't the same with a small letter, then '?' for a pointer,
 * '[]' for a list, '{}' for a map, ':' and its type, '!' for a boolean, '#' for a number, '%' for a quantity, '~' when
 * an empty one is left out. '>' takes in the fields of another type.
 * Source: k8s 1.36 pkg/apis/core/types.go and pkg/apis/storage/types.go.
 */
export const INTERNAL_TYPES: { readonly [type: string]: string } = {
  PodSpec:
    'Volumes[]:Volume InitContainers[]:Container Containers[]:Container EphemeralContainers[]:EphemeralContainer ' +
    'RestartPolicy TerminationGracePeriodSeconds? ActiveDeadlineSeconds? DNSPolicy=dnsPolicy NodeSelector{} ' +
    'ServiceAccountName AutomountServiceAccountToken? NodeName SecurityContext?:PodSecurityContext ' +
    'ImagePullSecrets[]:LocalObjectReference Hostname Subdomain SetHostnameAsFQDN? Affinity?:Affinity SchedulerName ' +
    'Tolerations[]:Toleration HostAliases[]:HostAlias PriorityClassName Priority? PreemptionPolicy? ' +
    'DNSConfig=dnsConfig?:PodDNSConfig ReadinessGates[]:PodReadinessGate RuntimeClassName? Overhead{} EnableServiceLinks? ' +
    'TopologySpreadConstraints[]:TopologySpreadConstraint OS=os?:PodOS SchedulingGates[]:PodSchedulingGate ' +
    'ResourceClaims[]:PodResourceClaim Resources?:ResourceRequirements HostnameOverride? ' +
    'SchedulingGroup?:PodSchedulingGroup',
  Volume: 'Name >VolumeSource',
  VolumeSource:
    'HostPath?:HostPathVolumeSource EmptyDir?:EmptyDirVolumeSource ' +
    'GCEPersistentDisk=gcePersistentDisk?:GCEPersistentDiskVolumeSource ' +
    'AWSElasticBlockStore=awsElasticBlockStore?:AWSElasticBlockStoreVolumeSource GitRepo?:GitRepoVolumeSource ' +
    'Secret?:SecretVolumeSource NFS=nfs?:NFSVolumeSource ISCSI=iscsi?:ISCSIVolumeSource Glusterfs?:GlusterfsVolumeSource ' +
    'PersistentVolumeClaim?:PersistentVolumeClaimVolumeSource RBD=rbd?:RBDVolumeSource Quobyte?:QuobyteVolumeSource ' +
    'FlexVolume?:FlexVolumeSource Cinder?:CinderVolumeSource CephFS=cephfs?:CephFSVolumeSource Flocker?:FlockerVolumeSource ' +
    'DownwardAPI?:DownwardAPIVolumeSource FC=fc?:FCVolumeSource AzureFile?:AzureFileVolumeSource ' +
    'ConfigMap?:ConfigMapVolumeSource VsphereVolume?:VsphereVirtualDiskVolumeSource AzureDisk?:AzureDiskVolumeSource ' +
    'PhotonPersistentDisk?:PhotonPersistentDiskVolumeSource Projected?:ProjectedVolumeSource ' +
    'PortworxVolume?:PortworxVolumeSource ScaleIO?:ScaleIOVolumeSource StorageOS=storageos?:StorageOSVolumeSource ' +
    'CSI=csi?:CSIVolumeSource Ephemeral?:EphemeralVolumeSource Image?:ImageVolumeSource',
  HostPathVolumeSource: 'Path Type?',
  EmptyDirVolumeSource: 'Medium SizeLimit?',
  GCEPersistentDiskVolumeSource: 'PDName=pdName FSType=fsType Partition# ReadOnly!',
  AWSElasticBlockStoreVolumeSource: 'VolumeID FSType=fsType Partition# ReadOnly!',
  GitRepoVolumeSource: 'Repository Revision Directory',
  SecretVolumeSource: 'SecretName Items[]:KeyToPath DefaultMode? Optional?',
  KeyToPath: 'Key Path Mode?',
  NFSVolumeSource: 'Server Path ReadOnly!',
  ISCSIVolumeSource:
    'TargetPortal IQN=iqn Lun# ISCSIInterface=iscsiInterface FSType=fsType ReadOnly! Portals[] ' +
    'DiscoveryCHAPAuth=chapAuthDiscovery! SessionCHAPAuth=chapAuthSession! SecretRef?:LocalObjectReference InitiatorName?',
  LocalObjectReference: 'Name',
  GlusterfsVolumeSource: 'EndpointsName=endpoints Path ReadOnly!',
  PersistentVolumeClaimVolumeSource: 'ClaimName ReadOnly!',
  RBDVolumeSource:
    'CephMonitors=monitors[] RBDImage=image FSType=fsType RBDPool=pool RadosUser=user Keyring ' +
    'SecretRef?:LocalObjectReference ReadOnly!',
  QuobyteVolumeSource: 'Registry Volume ReadOnly! User Group Tenant',
  FlexVolumeSource: 'Driver FSType=fsType SecretRef?:LocalObjectReference ReadOnly! Options{}',
  CinderVolumeSource: 'VolumeID FSType=fsType ReadOnly! SecretRef?:LocalObjectReference',
  CephFSVolumeSource: 'Monitors[] Path User SecretFile SecretRef?:LocalObjectReference ReadOnly!',
  FlockerVolumeSource: 'DatasetName DatasetUUID',
  DownwardAPIVolumeSource: 'Items[]:DownwardAPIVolumeFile DefaultMode?',
  DownwardAPIVolumeFile: 'Path FieldRef?:ObjectFieldSelector ResourceFieldRef?:ResourceFieldSelector Mode?',
  ObjectFieldSelector: 'APIVersion=apiVersion FieldPath',
  ResourceFieldSelector: 'ContainerName Resource Divisor%',
  FCVolumeSource: 'TargetWWNs[] Lun? FSType=fsType ReadOnly! WWIDs=wwids[]',
  AzureFileVolumeSource: 'SecretName ShareName ReadOnly!',
  ConfigMapVolumeSource: '>LocalObjectReference Items[]:KeyToPath DefaultMode? Optional?',
  VsphereVirtualDiskVolumeSource: 'VolumePath FSType=fsType StoragePolicyName StoragePolicyID',
  AzureDiskVolumeSource: 'DiskName DataDiskURI=diskURI CachingMode? FSType=fsType? ReadOnly? Kind?',
  PhotonPersistentDiskVolumeSource: 'PdID FSType=fsType',
  ProjectedVolumeSource: 'Sources[]:VolumeProjection DefaultMode?',
  VolumeProjection:
    'Secret?:SecretProjection DownwardAPI?:DownwardAPIProjection ConfigMap?:ConfigMapProjection ' +
    'ServiceAccountToken?:ServiceAccountTokenProjection ClusterTrustBundle?:ClusterTrustBundleProjection ' +
    'PodCertificate?:PodCertificateProjection',
  SecretProjection: '>LocalObjectReference Items[]:KeyToPath Optional?',
  DownwardAPIProjection: 'Items[]:DownwardAPIVolumeFile',
  ConfigMapProjection: '>LocalObjectReference Items[]:KeyToPath Optional?',
  ServiceAccountTokenProjection: 'Audience ExpirationSeconds# Path',
  ClusterTrustBundleProjection: 'Name? SignerName? LabelSelector?:LabelSelector Optional? Path',
  PodCertificateProjection:
    'SignerName KeyType MaxExpirationSeconds? CredentialBundlePath KeyPath CertificateChainPath UserAnnotations{}',
  PortworxVolumeSource: 'VolumeID FSType=fsType ReadOnly!',
  ScaleIOVolumeSource:
    'Gateway System SecretRef?:LocalObjectReference SSLEnabled=sslEnabled! ProtectionDomain StoragePool StorageMode ' +
    'VolumeName FSType=fsType ReadOnly!',
  StorageOSVolumeSource: 'VolumeName VolumeNamespace FSType=fsType ReadOnly! SecretRef?:LocalObjectReference',
  CSIVolumeSource: 'Driver ReadOnly? FSType=fsType? VolumeAttributes{} NodePublishSecretRef?:LocalObjectReference',
  EphemeralVolumeSource: 'VolumeClaimTemplate?:PersistentVolumeClaimTemplate',
  PersistentVolumeClaimTemplate: '>ObjectMeta=metadata Spec:PersistentVolumeClaimSpec',
  PersistentVolumeClaimSpec:
    'AccessModes[] Selector?:LabelSelector Resources:VolumeResourceRequirements VolumeName StorageClassName? VolumeMode? ' +
    'DataSource?:TypedLocalObjectReference DataSourceRef?:TypedObjectReference VolumeAttributesClassName?',
  VolumeResourceRequirements: 'Limits{} Requests{}',
  TypedLocalObjectReference: 'APIGroup=apiGroup? Kind Name',
  TypedObjectReference: 'APIGroup=apiGroup? Kind Name Namespace?',
  ImageVolumeSource: 'Reference PullPolicy',
  Container:
    'Name Image Command[] Args[] WorkingDir Ports[]:ContainerPort EnvFrom[]:EnvFromSource Env[]:EnvVar ' +
    'Resources:ResourceRequirements ResizePolicy[]:ContainerResizePolicy RestartPolicy? ' +
    'RestartPolicyRules[]:ContainerRestartRule VolumeMounts[]:VolumeMount VolumeDevices[]:VolumeDevice LivenessProbe?:Probe ' +
    'ReadinessProbe?:Probe StartupProbe?:Probe Lifecycle?:Lifecycle TerminationMessagePath TerminationMessagePolicy ' +
    'ImagePullPolicy SecurityContext?:SecurityContext Stdin! StdinOnce! TTY=tty!',
  ContainerPort: 'Name HostPort# ContainerPort# Protocol HostIP',
  EnvFromSource: 'Prefix ConfigMapRef?:ConfigMapEnvSource SecretRef?:SecretEnvSource',
  ConfigMapEnvSource: '>LocalObjectReference Optional?',
  SecretEnvSource: '>LocalObjectReference Optional?',
  EnvVar: 'Name Value ValueFrom?:EnvVarSource',
  EnvVarSource:
    'FieldRef?:ObjectFieldSelector ResourceFieldRef?:ResourceFieldSelector ConfigMapKeyRef?:ConfigMapKeySelector ' +
    'SecretKeyRef?:SecretKeySelector FileKeyRef?:FileKeySelector',
  ConfigMapKeySelector: '>LocalObjectReference Key Optional?',
  SecretKeySelector: '>LocalObjectReference Key Optional?',
  FileKeySelector: 'VolumeName Path Key Optional?',
  ResourceRequirements: 'Limits{} Requests{} Claims[]:ResourceClaim',
  ResourceClaim: 'Name Request',
  ContainerResizePolicy: 'ResourceName RestartPolicy',
  ContainerRestartRule: 'Action ExitCodes?:ContainerRestartRuleOnExitCodes',
  ContainerRestartRuleOnExitCodes: 'Operator Values[]',
  VolumeMount: 'Name ReadOnly! RecursiveReadOnly? MountPath SubPath MountPropagation? SubPathExpr',
  VolumeDevice: 'Name DevicePath',
  Probe:
    '>ProbeHandler InitialDelaySeconds# TimeoutSeconds# PeriodSeconds# SuccessThreshold# FailureThreshold# ' +
    'TerminationGracePeriodSeconds?',
  ProbeHandler: 'Exec?:ExecAction HTTPGet=httpGet?:HTTPGetAction TCPSocket=tcpSocket?:TCPSocketAction GRPC=grpc?:GRPCAction',
  ExecAction: 'Command[]',
  HTTPGetAction: 'Path Port# Host Scheme HTTPHeaders=httpHeaders[]:HTTPHeader',
  HTTPHeader: 'Name Value',
  TCPSocketAction: 'Port# Host',
  GRPCAction: 'Port# Service?',
  Lifecycle: 'PostStart?:LifecycleHandler PreStop?:LifecycleHandler StopSignal?',
  LifecycleHandler: 'Exec?:ExecAction HTTPGet=httpGet?:HTTPGetAction TCPSocket=tcpSocket?:TCPSocketAction Sleep?:SleepAction',
  SleepAction: 'Seconds#',
  SecurityContext:
    'Capabilities?:Capabilities Privileged? SELinuxOptions=seLinuxOptions?:SELinuxOptions ' +
    'WindowsOptions?:WindowsSecurityContextOptions RunAsUser? RunAsGroup? RunAsNonRoot? ReadOnlyRootFilesystem? ' +
    'AllowPrivilegeEscalation? ProcMount? SeccompProfile?:SeccompProfile AppArmorProfile?:AppArmorProfile',
  Capabilities: 'Add[] Drop[]',
  SELinuxOptions: 'User Role Type Level',
  WindowsSecurityContextOptions:
    'GMSACredentialSpecName=gmsaCredentialSpecName? GMSACredentialSpec=gmsaCredentialSpec? RunAsUserName? HostProcess?',
  SeccompProfile: 'Type LocalhostProfile?',
  AppArmorProfile: 'Type LocalhostProfile?',
  EphemeralContainer: '>EphemeralContainerCommon TargetContainerName',
  EphemeralContainerCommon:
    'Name Image Command[] Args[] WorkingDir Ports[]:ContainerPort EnvFrom[]:EnvFromSource Env[]:EnvVar ' +
    'Resources:ResourceRequirements ResizePolicy[]:ContainerResizePolicy RestartPolicy? ' +
    'RestartPolicyRules[]:ContainerRestartRule VolumeMounts[]:VolumeMount VolumeDevices[]:VolumeDevice LivenessProbe?:Probe ' +
    'ReadinessProbe?:Probe StartupProbe?:Probe Lifecycle?:Lifecycle TerminationMessagePath TerminationMessagePolicy ' +
    'ImagePullPolicy SecurityContext?:SecurityContext Stdin! StdinOnce! TTY=tty!',
  PodSecurityContext:
    'HostNetwork! HostPID! HostIPC! ShareProcessNamespace? HostUsers? SELinuxOptions=seLinuxOptions?:SELinuxOptions ' +
    'WindowsOptions?:WindowsSecurityContextOptions RunAsUser? RunAsGroup? RunAsNonRoot? SupplementalGroups[] ' +
    'SupplementalGroupsPolicy? FSGroup=fsGroup? FSGroupChangePolicy=fsGroupChangePolicy? Sysctls[]:Sysctl ' +
    'SeccompProfile?:SeccompProfile AppArmorProfile?:AppArmorProfile SELinuxChangePolicy=seLinuxChangePolicy?',
  Sysctl: 'Name Value',
  Affinity: 'NodeAffinity?:NodeAffinity PodAffinity?:PodAffinity PodAntiAffinity?:PodAntiAffinity',
  NodeAffinity:
    'RequiredDuringSchedulingIgnoredDuringExecution?:NodeSelector ' +
    'PreferredDuringSchedulingIgnoredDuringExecution[]:PreferredSchedulingTerm',
  NodeSelector: 'NodeSelectorTerms[]:NodeSelectorTerm',
  NodeSelectorTerm: 'MatchExpressions[]:NodeSelectorRequirement MatchFields[]:NodeSelectorRequirement',
  NodeSelectorRequirement: 'Key Operator Values[]',
  PreferredSchedulingTerm: 'Weight# Preference:NodeSelectorTerm',
  PodAffinity:
    'RequiredDuringSchedulingIgnoredDuringExecution[]:PodAffinityTerm ' +
    'PreferredDuringSchedulingIgnoredDuringExecution[]:WeightedPodAffinityTerm',
  PodAffinityTerm:
    'LabelSelector?:LabelSelector Namespaces[] TopologyKey NamespaceSelector?:LabelSelector MatchLabelKeys[] ' +
    'MismatchLabelKeys[]',
  WeightedPodAffinityTerm: 'Weight# PodAffinityTerm:PodAffinityTerm',
  PodAntiAffinity:
    'RequiredDuringSchedulingIgnoredDuringExecution[]:PodAffinityTerm ' +
    'PreferredDuringSchedulingIgnoredDuringExecution[]:WeightedPodAffinityTerm',
  Toleration: 'Key Operator Value Effect TolerationSeconds?',
  HostAlias: 'IP=ip Hostnames[]',
  PodDNSConfig: 'Nameservers[] Searches[] Options[]:PodDNSConfigOption',
  PodDNSConfigOption: 'Name Value?',
  PodReadinessGate: 'ConditionType',
  TopologySpreadConstraint:
    'MaxSkew# TopologyKey WhenUnsatisfiable LabelSelector?:LabelSelector MinDomains? NodeAffinityPolicy? NodeTaintsPolicy? ' +
    'MatchLabelKeys[]',
  PodOS: 'Name',
  PodSchedulingGate: 'Name',
  PodResourceClaim: 'Name ResourceClaimName? ResourceClaimTemplateName?',
  PodSchedulingGroup: 'PodGroupName?',
  PodTemplateSpec: '>ObjectMeta=metadata Spec:PodSpec',
  PersistentVolumeSource:
    'GCEPersistentDisk=gcePersistentDisk?:GCEPersistentDiskVolumeSource ' +
    'AWSElasticBlockStore=awsElasticBlockStore?:AWSElasticBlockStoreVolumeSource HostPath?:HostPathVolumeSource ' +
    'Glusterfs?:GlusterfsPersistentVolumeSource NFS=nfs?:NFSVolumeSource RBD=rbd?:RBDPersistentVolumeSource ' +
    'Quobyte?:QuobyteVolumeSource ISCSI=iscsi?:ISCSIPersistentVolumeSource FlexVolume?:FlexPersistentVolumeSource ' +
    'Cinder?:CinderPersistentVolumeSource CephFS=cephfs?:CephFSPersistentVolumeSource FC=fc?:FCVolumeSource ' +
    'Flocker?:FlockerVolumeSource AzureFile?:AzureFilePersistentVolumeSource VsphereVolume?:VsphereVirtualDiskVolumeSource ' +
    'AzureDisk?:AzureDiskVolumeSource PhotonPersistentDisk?:PhotonPersistentDiskVolumeSource ' +
    'PortworxVolume?:PortworxVolumeSource ScaleIO?:ScaleIOPersistentVolumeSource Local?:LocalVolumeSource ' +
    'StorageOS=storageos?:StorageOSPersistentVolumeSource CSI=csi?:CSIPersistentVolumeSource',
  GlusterfsPersistentVolumeSource: 'EndpointsName=endpoints Path ReadOnly! EndpointsNamespace?',
  RBDPersistentVolumeSource:
    'CephMonitors=monitors[] RBDImage=image FSType=fsType RBDPool=pool RadosUser=user Keyring SecretRef?:SecretReference ' +
    'ReadOnly!',
  SecretReference: 'Name Namespace',
  ISCSIPersistentVolumeSource:
    'TargetPortal IQN=iqn Lun# ISCSIInterface=iscsiInterface FSType=fsType ReadOnly! Portals[] ' +
    'DiscoveryCHAPAuth=chapAuthDiscovery! SessionCHAPAuth=chapAuthSession! SecretRef?:SecretReference InitiatorName?',
  FlexPersistentVolumeSource: 'Driver FSType=fsType SecretRef?:SecretReference ReadOnly! Options{}',
  CinderPersistentVolumeSource: 'VolumeID FSType=fsType ReadOnly! SecretRef?:SecretReference',
  CephFSPersistentVolumeSource: 'Monitors[] Path User SecretFile SecretRef?:SecretReference ReadOnly!',
  AzureFilePersistentVolumeSource: 'SecretName ShareName ReadOnly! SecretNamespace?',
  ScaleIOPersistentVolumeSource:
    'Gateway System SecretRef?:SecretReference SSLEnabled=sslEnabled! ProtectionDomain StoragePool StorageMode VolumeName ' +
    'FSType=fsType ReadOnly!',
  LocalVolumeSource: 'Path FSType=fsType?',
  StorageOSPersistentVolumeSource: 'VolumeName VolumeNamespace FSType=fsType ReadOnly! SecretRef?:ObjectReference',
  ObjectReference: 'Kind Namespace Name UID=uid APIVersion=apiVersion ResourceVersion FieldPath',
  CSIPersistentVolumeSource:
    'Driver VolumeHandle ReadOnly! FSType=fsType VolumeAttributes{} ControllerPublishSecretRef?:SecretReference ' +
    'NodeStageSecretRef?:SecretReference NodePublishSecretRef?:SecretReference ControllerExpandSecretRef?:SecretReference ' +
    'NodeExpandSecretRef?:SecretReference',
  VolumeAttachmentSpec: 'Attacher Source:VolumeAttachmentSource NodeName',
  VolumeAttachmentSource: 'PersistentVolumeName? InlineVolumeSpec?',
  VolumeNodeAffinity: 'Required?:NodeSelector',
  ObjectMeta:
    'name~ generateName~ namespace~ selfLink~ uid~ resourceVersion~ generation#~ creationTimestamp?~ deletionTimestamp?~ ' +
    'deletionGracePeriodSeconds?~ labels{}~ annotations{}~ ownerReferences[]~ finalizers[]~ managedFields[]~',
  LabelSelector: 'matchLabels{}~ matchExpressions[]:LabelSelectorRequirement~',
  LabelSelectorRequirement: 'key operator values[]~',
}
