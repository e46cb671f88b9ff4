import type { UserInfo } from '../apiserver/api.ts'

/** Who the parts of the cluster are to the API server. Source: k8s 1.36 kubeadm certificates, controller service accounts. */
export const ADMIN: UserInfo = {
  name: 'kubernetes-admin',
  groups: ['kubeadm:cluster-admins', 'system:masters', 'system:authenticated'],
}
export const KUBE_SCHEDULER: UserInfo = { name: 'system:kube-scheduler', groups: ['system:authenticated'] }
export const KUBE_CONTROLLER_MANAGER: UserInfo = { name: 'system:kube-controller-manager', groups: ['system:authenticated'] }
/** The page's own reader. It only lists and watches. */
export const PANEL: UserInfo = { name: 'kubarium:panel', groups: ['system:masters', 'system:authenticated'] }

export function nodeUser(name: string): UserInfo {
  return { name: `system:node:${name}`, groups: ['system:nodes', 'system:authenticated'] }
}

/** A service account as the API server knows it. */
export function serviceAccountUser(namespace: string, name: string): UserInfo {
  return {
    name: `system:serviceaccount:${namespace}:${name}`,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
  }
}

/** A controller's service account; most are named after the controller. */
export function controllerUser(controller: string): UserInfo {
  return {
    name: `system:serviceaccount:kube-system:${controller}`,
    groups: ['system:serviceaccounts', 'system:serviceaccounts:kube-system', 'system:authenticated'],
  }
}
