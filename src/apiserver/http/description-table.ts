/**
 * Where the published texts of fields have two spaces that are no end of a paragraph: in the description both look
 * the same. One line per model: fields whose double spaces are all real, or with the places of those that are.
 */
export const REAL_SPACES: { readonly [model: string]: string } = {
  CoreV1EndpointPort: 'name',
  RbacV1Subject: 'namespace',
  V1APIResource: 'group singularName version',
  V1APIServiceSpec: 'groupPriorityMinimum insecureSkipTLSVerify version versionPriority',
  V1AzureDiskVolumeSource: 'kind',
  V1AzureFileVolumeSource: 'secretName',
  V1ClusterTrustBundleProjection: 'name optional signerName',
  V1Condition: 'lastTransitionTime',
  V1CronJobSpec: 'startingDeadlineSeconds suspend',
  V1DownwardAPIVolumeFile: 'path',
  V1Endpoint: 'deprecatedTopology',
  V1ExactDeviceRequest: 'adminAccess:0',
  V1ExecAction: 'command',
  V1ExemptPriorityLevelConfiguration: 'lendablePercent:0 nominalConcurrencyShares:1',
  V1FlowSchemaSpec: 'matchingPrecedence',
  V1GitRepoVolumeSource: 'directory',
  V1HorizontalPodAutoscalerSpec: 'minReplicas',
  V1HorizontalPodAutoscalerStatus: 'desiredReplicas',
  V1JobSpec: 'completions manualSelector',
  V1LimitedPriorityLevelConfiguration: 'nominalConcurrencyShares:1',
  V1MatchCondition: 'name:0,1',
  V1MutatingAdmissionPolicySpec: 'reinvocationPolicy:2',
  V1NamedRuleWithOperations: 'resourceNames',
  V1NonResourceRule: 'nonResourceURLs verbs',
  V1ObjectMeta: 'finalizers',
  V1PodCertificateProjection:
    'certificateChainPath:1 credentialBundlePath:3 keyPath:1 maxExpirationSeconds:2,4 userAnnotations:0',
  V1PodExtendedResourceClaimStatus: 'requestMappings',
  V1PodSecurityContext: 'runAsGroup runAsNonRoot runAsUser supplementalGroups',
  V1PodSpec: 'runtimeClassName',
  V1PolicyRule: 'apiGroups nonResourceURLs resourceNames',
  V1PriorityLevelConfigurationSpec: 'type',
  V1QueuingConfiguration: 'handSize queueLengthLimit queues',
  V1ResourceAttributes: 'group namespace resource subresource verb version',
  V1ResourcePolicyRule: 'namespaces resources',
  V1ResourceRule: 'apiGroups resourceNames verbs',
  V1RuntimeClass: 'handler',
  V1SecretKeySelector: 'key',
  V1SecurityContext: 'runAsGroup runAsNonRoot runAsUser',
  V1ServicePort: 'nodePort',
  V1ServiceSpec:
    'allocateLoadBalancerNodePorts clusterIP externalIPs externalName healthCheckNodePort clusterIPs:0,1,2,3,4,5 ipFamilies:0,2',
  V1StatusCause: 'message',
  V1StorageClass: 'volumeBindingMode',
  V1StorageOSPersistentVolumeSource: 'volumeName volumeNamespace',
  V1StorageOSVolumeSource: 'volumeName volumeNamespace',
  V1SubjectAccessReviewSpec: 'extra',
  V1SubjectAccessReviewStatus: 'reason',
  V1TopologySpreadConstraint: 'maxSkew minDomains:1,2,3,4,5,6',
  V1VolumeMount: 'mountPath recursiveReadOnly:2,3',
  V2HorizontalPodAutoscalerSpec: 'metrics minReplicas',
  V2MetricSpec: 'type',
  V2MetricStatus: 'type',
}

/** Texts of fields that refer to another model, which the description lacks, where a column shows them. */
export const REFERENCE_TEXTS: { readonly [field: string]: string } = {
  'V1NetworkPolicySpec.podSelector':
    "podSelector selects the pods to which this NetworkPolicy object applies. The array of rules is applied to any pods selected by this field. An empty selector matches all pods in the policy's namespace. Multiple network policies can select the same set of pods. In this case, the ingress rules for each are combined additively. This field is optional. If it is not specified, it defaults to an empty selector.",
  'V2HorizontalPodAutoscalerSpec.scaleTargetRef':
    'scaleTargetRef points to the target resource to scale, and is used to the pods for which metrics should be collected, as well as to actually change the replica count.',
  'CoreV1Event.source': 'The component reporting this event. Should be a short machine understandable string.',
  'CoreV1Event.involvedObject': 'The object that this event is about.',
  'V1DeploymentSpec.selector':
    "Label selector for pods. Existing ReplicaSets whose pods are selected by this will be the ones affected by this deployment. It must match the pod template's labels.",
  'V1ReplicaSetSpec.selector':
    "Selector is a label query over pods that should match the replica count. Label keys and values that must match in order to be controlled by this replica set. It must match the pod template's labels. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors",
  'V1PersistentVolumeSpec.claimRef':
    'claimRef is part of a bi-directional binding between PersistentVolume and PersistentVolumeClaim. Expected to be non-nil when bound. claim.VolumeName is the authoritative bind between PV and PVC. More info: https://kubernetes.io/docs/concepts/storage/persistent-volumes#binding',
  'V1JobSpec.selector':
    'A label query over pods that should match the pod count. Normally, the system sets this field for you. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors',
  'V1DaemonSetSpec.selector':
    "A label query over pods that are managed by the daemon set. Must match in order to be controlled. It must match the pod template's labels. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors",
  'V1StatefulSetSpec.selector':
    "selector is a label query over pods that should match the replica count. It must match the pod template's labels. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors",
  'V1ClusterRoleBinding.roleRef':
    'RoleRef can only reference a ClusterRole in the global namespace. If the RoleRef cannot be resolved, the Authorizer must return an error.',
  'V1RoleBinding.roleRef':
    'RoleRef can reference a Role in the current namespace or a ClusterRole in the global namespace. If the RoleRef cannot be resolved, the Authorizer must return an error.',
  'V1IPAddressSpec.parentRef':
    'ParentRef references the resource that an IPAddress is attached to. An IPAddress must reference a parent object.',
  'V1VolumeAttachmentSpec.source': 'source represents the volume that should be attached.',
  'V1PodDisruptionBudgetSpec.selector':
    'Label query over pods whose evictions are managed by the disruption budget. A null selector will match no pods, while an empty ({}) selector will select all pods within the namespace.',
}
