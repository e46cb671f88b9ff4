/** Every built-in kind that has rules of its own. A kind is one file and one line here. */
import type { Strategy } from './strategy.ts'
import {
  validatingAdmissionPolicy,
  mutatingAdmissionPolicy,
  validatingAdmissionPolicyBinding,
  mutatingAdmissionPolicyBinding,
} from './admissionpolicies.ts'
import { apiService } from './apiservice.ts'
import { componentStatus } from './componentstatus.ts'
import { configMap } from './configmap.ts'
import { controllerRevision } from './controllerrevision.ts'
import { cronJob } from './cronjob.ts'
import { csiDriver, csiNode, csiStorageCapacity } from './csi.ts'
import { certificateSigningRequest } from './csr.ts'
import { daemonSet } from './daemonset.ts'
import { deployment } from './deployment.ts'
import { resourceClaim, resourceClaimTemplate, deviceClass, resourceSlice } from './dynamicresources.ts'
import { endpoints } from './endpoints.ts'
import { endpointSlice } from './endpointslice.ts'
import { event, newEvent } from './event.ts'
import { flowSchema, priorityLevelConfiguration } from './flowcontrol.ts'
import { hpa } from './hpa.ts'
import { ingress } from './ingress.ts'
import { ingressClass } from './ingressclass.ts'
import { job } from './job.ts'
import { lease } from './lease.ts'
import { limitRange } from './limitrange.ts'
import { namespace } from './namespace.ts'
import { networkPolicy } from './networkpolicy.ts'
import { node } from './node.ts'
import { podDisruptionBudget } from './pdb.ts'
import { pod } from './pod.ts'
import { podTemplate } from './podtemplate.ts'
import { priorityClass } from './priorityclass.ts'
import { persistentVolume } from './pv.ts'
import { persistentVolumeClaim } from './pvc.ts'
import { role, clusterRole, roleBinding, clusterRoleBinding } from './rbac.ts'
import { replicaSet } from './replicaset.ts'
import { replicationController } from './replicationcontroller.ts'
import { resourceQuota } from './resourcequota.ts'
import { runtimeClass } from './runtimeclass.ts'
import { secret } from './secret.ts'
import { service } from './service.ts'
import { serviceAccount } from './serviceaccount.ts'
import { serviceCidr, ipAddress } from './servicecidr.ts'
import { statefulSet } from './statefulset.ts'
import { storageClass } from './storageclass.ts'
import { volumeAttachment } from './volumeattachment.ts'
import { volumeAttributesClass } from './volumeattributesclass.ts'
import { validatingWebhookConfiguration, mutatingWebhookConfiguration } from './webhooks.ts'

export const STRATEGIES: readonly Strategy[] = [
  apiService,
  certificateSigningRequest,
  clusterRole,
  clusterRoleBinding,
  componentStatus,
  configMap,
  controllerRevision,
  cronJob,
  csiDriver,
  csiNode,
  csiStorageCapacity,
  daemonSet,
  deployment,
  deviceClass,
  endpoints,
  endpointSlice,
  event,
  flowSchema,
  hpa,
  ingress,
  ingressClass,
  ipAddress,
  job,
  lease,
  limitRange,
  mutatingAdmissionPolicy,
  mutatingAdmissionPolicyBinding,
  mutatingWebhookConfiguration,
  namespace,
  networkPolicy,
  newEvent,
  node,
  persistentVolume,
  persistentVolumeClaim,
  pod,
  podDisruptionBudget,
  podTemplate,
  priorityClass,
  priorityLevelConfiguration,
  replicaSet,
  replicationController,
  resourceClaim,
  resourceClaimTemplate,
  resourceQuota,
  resourceSlice,
  role,
  roleBinding,
  runtimeClass,
  secret,
  service,
  serviceAccount,
  serviceCidr,
  statefulSet,
  storageClass,
  validatingAdmissionPolicy,
  validatingAdmissionPolicyBinding,
  validatingWebhookConfiguration,
  volumeAttachment,
  volumeAttributesClass,
]
