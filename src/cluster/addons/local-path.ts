import type { KubeObject } from '../../apimachinery/resource.ts'

export const LOCAL_PATH = 'rancher.io/local-path'
export const LOCAL_PATH_ACCOUNT = 'local-path-provisioner-service-account'

/** The default storage class and its provisioner's account, as in the manifest of local-path-provisioner 0.0.32. */
export function localPathObjects(): readonly KubeObject[] {
  const role = 'local-path-provisioner-role'
  const objects = [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: LOCAL_PATH_ACCOUNT, namespace: 'kube-system' } },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: role },
      rules: [
        {
          apiGroups: [''],
          resources: ['nodes', 'persistentvolumeclaims', 'configmaps', 'pods', 'pods/log'],
          verbs: ['get', 'list', 'watch'],
        },
        {
          apiGroups: [''],
          resources: ['persistentvolumes'],
          verbs: ['get', 'list', 'watch', 'create', 'patch', 'update', 'delete'],
        },
        { apiGroups: [''], resources: ['events'], verbs: ['create', 'patch'] },
        { apiGroups: ['storage.k8s.io'], resources: ['storageclasses'], verbs: ['get', 'list', 'watch'] },
      ],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'local-path-provisioner-bind' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
      subjects: [{ kind: 'ServiceAccount', name: LOCAL_PATH_ACCOUNT, namespace: 'kube-system' }],
    },
    {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name: 'standard', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
      provisioner: LOCAL_PATH,
      reclaimPolicy: 'Delete',
      volumeBindingMode: 'WaitForFirstConsumer',
    },
  ]
  return objects as readonly KubeObject[]
}
