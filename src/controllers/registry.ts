import type { Controller, ControllerContext } from './context.ts'
import { certificateApprovingController } from './certificates/approver.ts'
import { certificateCleaner, certificateSigningController } from './certificates/controller.ts'
import { clusterRoleAggregationController } from './clusterroleaggregation/controller.ts'
import { cronJobController } from './cronjob/controller.ts'
import { daemonSetController } from './daemonset/controller.ts'
import { bootstrapSigner } from './bootstrap/signer.ts'
import { tokenCleaner } from './bootstrap/token-cleaner.ts'
import { deploymentController } from './deployment/controller.ts'
import { disruptionController } from './disruption/controller.ts'
import { endpointsController } from './endpoints/controller.ts'
import { endpointSliceController } from './endpointslice/controller.ts'
import { endpointSliceMirroringController } from './endpointslicemirroring/controller.ts'
import { garbageCollectorController } from './garbagecollector/controller.ts'
import { horizontalPodAutoscalerController } from './horizontalpodautoscaler/controller.ts'
import { jobController } from './job/controller.ts'
import { namespaceController } from './namespace/controller.ts'
import { nodeIpamController } from './nodeipam/controller.ts'
import { nodeLifecycleController } from './nodelifecycle/controller.ts'
import { podGarbageCollector } from './podgc/controller.ts'
import { resourceClaimController } from './resourceclaim/controller.ts'
import { replicaSetController, replicationController } from './replicaset/controller.ts'
import { resourceQuotaController } from './resourcequota/controller.ts'
import { rootCACertificatePublisher } from './rootcacertpublisher/controller.ts'
import { serviceCidrController } from './servicecidrs/controller.ts'
import { legacyTokenCleaner } from './serviceaccount/legacy-token-cleaner.ts'
import { serviceAccountTokenController } from './serviceaccount/token-secrets.ts'
import { serviceAccountController } from './serviceaccount/controller.ts'
import { statefulSetController } from './statefulset/controller.ts'
import { taintEvictionController } from './tainteviction/controller.ts'
import { ttlAfterFinishedController } from './ttlafterfinished/controller.ts'
import { ttlController } from './ttl/controller.ts'
import { validatingAdmissionPolicyStatusController } from './validatingadmissionpolicystatus/controller.ts'
import { attachDetachController } from './volume/attachdetach/controller.ts'
import { ephemeralVolumeController } from './volume/ephemeral/controller.ts'
import { volumeExpandController } from './volume/expand/controller.ts'
import { persistentVolumeBinder } from './volume/persistentvolume/controller.ts'
import { attributesClassProtection } from './volume/vacprotection/controller.ts'
import { claimProtection } from './volume/pvcprotection/controller.ts'
import { persistentVolumeProtection } from './volume/pvprotection/controller.ts'

/** Makes a controller. */
export type ControllerFactory = (context: ControllerContext) => Controller

/** The controllers that kube-controller-manager runs. Adding one is a folder and a line here. */
export const CONTROLLERS: readonly ControllerFactory[] = [
  endpointsController,
  endpointSliceController,
  endpointSliceMirroringController,
  replicationController,
  podGarbageCollector,
  resourceQuotaController,
  namespaceController,
  serviceAccountTokenController,
  serviceAccountController,
  rootCACertificatePublisher,
  garbageCollectorController,
  daemonSetController,
  replicaSetController,
  jobController,
  deploymentController,
  statefulSetController,
  cronJobController,
  horizontalPodAutoscalerController,
  disruptionController,
  certificateSigningController,
  certificateApprovingController,
  certificateCleaner,
  ttlController,
  ttlAfterFinishedController,
  nodeIpamController,
  nodeLifecycleController,
  taintEvictionController,
  bootstrapSigner,
  tokenCleaner,
  resourceClaimController,
  validatingAdmissionPolicyStatusController,
  persistentVolumeBinder,
  clusterRoleAggregationController,
  attachDetachController,
  volumeExpandController,
  claimProtection,
  persistentVolumeProtection,
  ephemeralVolumeController,
  attributesClassProtection,
  legacyTokenCleaner,
  serviceCidrController,
]
