/**
 * How lists and maps merge: strategic merge patch (strategy, key) and server-side apply (list type, keys).
 * A list that is not here is atomic and replaced; a map merges by key. Source: k8s 1.36 API, markers on the types.
 */
export interface MergeRule {
  readonly listType?: 'map' | 'set'
  /** Keys of a list of type map. */
  readonly keys?: readonly string[]
  /** What strategic merge patch does; absent means replace (lists) or merge (maps). */
  readonly patch?: 'merge' | 'replace'
  readonly patchKey?: string
  /** Fields that the patch does not name are cleared. */
  readonly retainKeys?: boolean
  /** Server-side apply owns the map as a whole (true), or key by key though its type says otherwise (false). */
  readonly atomic?: boolean
}

const keyedBy = (...keys: readonly string[]): MergeRule => ({ listType: 'map', keys })
const mergedBy = (...keys: readonly [string, ...string[]]): MergeRule => ({
  ...keyedBy(...keys),
  patch: 'merge',
  patchKey: keys[0],
})
const mergedRetaining = (key: string): MergeRule => ({ ...mergedBy(key), retainKeys: true })
/** Merged by patches, but owned as a whole. */
const patchedBy = (patchKey: string): MergeRule => ({ patch: 'merge', patchKey })
const set: MergeRule = { listType: 'set' }
const mergedSet: MergeRule = { listType: 'set', patch: 'merge' }
const retainKeys: MergeRule = { retainKeys: true }
const replaced: MergeRule = { patch: 'replace' }
const atomicMap: MergeRule = { atomic: true }
const granularMap: MergeRule = { atomic: false }

export const MERGE_RULES: { readonly [model: string]: { readonly [field: string]: MergeRule } } = {
  V1APIServiceStatus: { conditions: mergedBy('type') },
  V1AllocatedDeviceStatus: { conditions: keyedBy('type') },
  V1CSIDriverSpec: { volumeLifecycleModes: set },
  V1CSINodeSpec: { drivers: mergedBy('name') },
  V1CertificateSigningRequestStatus: { conditions: keyedBy('type') },
  V1ComponentStatus: { conditions: mergedBy('type') },
  V1Container: {
    env: mergedBy('name'),
    ports: mergedBy('containerPort', 'protocol'),
    volumeDevices: mergedBy('devicePath'),
    volumeMounts: mergedBy('mountPath'),
  },
  V1ContainerRestartRuleOnExitCodes: { values: set },
  V1ContainerStatus: { allocatedResourcesStatus: mergedBy('name'), volumeMounts: mergedBy('mountPath') },
  V1CustomResourceDefinitionStatus: { conditions: keyedBy('type') },
  V1DaemonSetStatus: { conditions: mergedBy('type') },
  V1DeploymentSpec: { strategy: retainKeys },
  V1DeploymentStatus: { conditions: mergedBy('type') },
  V1Endpoint: { addresses: set },
  V1EphemeralContainer: {
    env: mergedBy('name'),
    ports: mergedBy('containerPort', 'protocol'),
    volumeDevices: mergedBy('devicePath'),
    volumeMounts: mergedBy('mountPath'),
  },
  V1FlowSchemaStatus: { conditions: mergedBy('type') },
  V1JSONSchemaProps: { 'x-kubernetes-validations': mergedBy('rule') },
  V1JobStatus: { conditions: patchedBy('type') },
  V1MutatingAdmissionPolicySpec: { matchConditions: mergedBy('name') },
  V1MutatingWebhook: { matchConditions: mergedBy('name') },
  V1MutatingWebhookConfiguration: { webhooks: mergedBy('name') },
  V1NamespaceStatus: { conditions: mergedBy('type') },
  V1NodeAllocatableResourceClaimStatus: { containers: set },
  V1NodeSpec: { podCIDRs: mergedSet },
  V1NodeStatus: { addresses: mergedBy('type'), conditions: mergedBy('type') },
  V1NonResourcePolicyRule: { nonResourceURLs: set, verbs: set },
  V1ObjectMeta: { finalizers: mergedSet, ownerReferences: mergedBy('uid') },
  V1PersistentVolumeClaimStatus: { allocatedResourceStatuses: granularMap, conditions: mergedBy('type') },
  V1PersistentVolumeSpec: { claimRef: granularMap },
  V1PodDisruptionBudgetSpec: { selector: replaced },
  V1PodDisruptionBudgetStatus: { conditions: mergedBy('type') },
  V1PodFailurePolicyOnExitCodesRequirement: { values: set },
  V1PodSpec: {
    containers: mergedBy('name'),
    ephemeralContainers: mergedBy('name'),
    hostAliases: mergedBy('ip'),
    imagePullSecrets: mergedBy('name'),
    initContainers: mergedBy('name'),
    nodeSelector: atomicMap,
    resourceClaims: mergedRetaining('name'),
    schedulingGates: mergedBy('name'),
    topologySpreadConstraints: mergedBy('topologyKey', 'whenUnsatisfiable'),
    volumes: mergedRetaining('name'),
  },
  V1PodStatus: {
    conditions: mergedBy('type'),
    hostIPs: patchedBy('ip'),
    podIPs: mergedBy('ip'),
    resourceClaimStatuses: mergedRetaining('name'),
  },
  V1PriorityLevelConfigurationStatus: { conditions: mergedBy('type') },
  V1ReplicaSetStatus: { conditions: mergedBy('type') },
  V1ReplicationControllerSpec: { selector: atomicMap },
  V1ReplicationControllerStatus: { conditions: mergedBy('type') },
  V1ResourceClaimStatus: { devices: keyedBy('driver', 'device', 'pool', 'shareID'), reservedFor: mergedBy('uid') },
  V1ResourcePolicyRule: { apiGroups: set, namespaces: set, resources: set, verbs: set },
  V1ResourceRequirements: { claims: keyedBy('name') },
  V1ResourceStatus: { resources: keyedBy('resourceID') },
  V1Scheduling: { nodeSelector: atomicMap },
  V1ServiceAccount: { secrets: mergedBy('name') },
  V1ServiceCIDRStatus: { conditions: mergedBy('type') },
  V1ServiceSpec: { ports: mergedBy('port', 'protocol'), selector: atomicMap },
  V1ServiceStatus: { conditions: mergedBy('type') },
  V1StatefulSetStatus: { conditions: mergedBy('type') },
  V1UncountedTerminatedPods: { failed: set, succeeded: set },
  V1ValidatingAdmissionPolicyBindingSpec: { validationActions: set },
  V1ValidatingAdmissionPolicySpec: { matchConditions: mergedBy('name'), variables: mergedBy('name') },
  V1ValidatingAdmissionPolicyStatus: { conditions: keyedBy('type') },
  V1ValidatingWebhook: { matchConditions: mergedBy('name') },
  V1ValidatingWebhookConfiguration: { webhooks: mergedBy('name') },
  V2HorizontalPodAutoscalerStatus: { conditions: mergedBy('type') },
}

/** Structs that server-side apply owns as a whole. */
export const ATOMIC_MODELS: ReadonlySet<string> = new Set([
  'CoreV1EndpointPort',
  'DiscoveryV1EndpointPort',
  'RbacV1Subject',
  'V1ConfigMapKeySelector',
  'V1CrossVersionObjectReference',
  'V1EndpointAddress',
  'V1FileKeySelector',
  'V1LabelSelector',
  'V1LocalObjectReference',
  'V1MatchResources',
  'V1NamedRuleWithOperations',
  'V1NodeSelector',
  'V1NodeSelectorTerm',
  'V1ObjectFieldSelector',
  'V1ObjectReference',
  'V1OwnerReference',
  'V1ParamKind',
  'V1ParamRef',
  'V1ResourceFieldSelector',
  'V1RoleRef',
  'V1ScopeSelector',
  'V1SecretKeySelector',
  'V1SecretReference',
  'V1ServiceBackendPort',
  'V1TopologySelectorTerm',
  'V1TypedLocalObjectReference',
  'V1Variable',
])

/** Defaults of list keys that an element may leave out. */
export const KEY_DEFAULTS: { readonly [model: string]: { readonly [field: string]: string } } = {
  V1ContainerPort: { protocol: 'TCP' },
  V1ServicePort: { protocol: 'TCP' },
}
