import type { Controller, ControllerContext } from './context.ts'
import { deploymentController } from './deployment/controller.ts'
import { endpointsController } from './endpoints/controller.ts'
import { endpointSliceController } from './endpointslice/controller.ts'
import { endpointSliceMirroringController } from './endpointslicemirroring/controller.ts'
import { replicaSetController, replicationController } from './replicaset/controller.ts'

/** Makes a controller. */
export type ControllerFactory = (context: ControllerContext) => Controller

/** The controllers that kube-controller-manager runs. Adding one is a folder and a line here. */
export const CONTROLLERS: readonly ControllerFactory[] = [
  endpointsController,
  endpointSliceController,
  endpointSliceMirroringController,
  replicationController,
  replicaSetController,
  deploymentController,
]
