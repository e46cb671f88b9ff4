/** Stroke paths of the interface's own signs, in a 16 x 16 box, 1.5 units wide. */
export const UI_PATHS = {
  play: 'M5 3l8 5-8 5z',
  pause: 'M5.5 3v10M10.5 3v10',
  step: 'M4 3l6 5-6 5zM12.5 3v10',
  close: 'M4 4l8 8M12 4l-8 8',
  search: 'M7 2.5a4.5 4.5 0 1 0 0 9a4.5 4.5 0 1 0 0-9M10.5 10.5L14 14',
  settings: 'M2 4.5h7M13 4.5h1M11 2.7v3.6M2 11.5h1M7 11.5h7M5 9.7v3.6',
  help: 'M5.7 6a2.3 2.3 0 1 1 3.4 2c-.8.45-1.1.9-1.1 1.7M8 12.6h.01',
  copy: 'M5.5 5.5h7v8h-7zM3.5 10.5v-8h7',
  check: 'M3 8.5l3.3 3.3L13 5',
  down: 'M4 6l4 4 4-4',
  up: 'M4 10l4-4 4 4',
  left: 'M10 4l-4 4 4 4',
  right: 'M6 4l4 4-4 4',
  menu: 'M2.5 4.5h11M2.5 8h11M2.5 11.5h11',
  inspector: 'M2.5 3h11v10h-11zM9.5 3v10',
  reset: 'M3 8a5 5 0 1 0 1.6-3.7M3 2.5v2.6h2.6',
  warning: 'M8 2.5l6 10.5H2zM8 6.5v3M8 11.4h.01',
  plus: 'M8 3v10M3 8h10',
} as const
export type UiPath = keyof typeof UI_PATHS

/** The frame of every kind's icon: seven corners, in a 20 x 20 box. */
export const KIND_FRAME = 'M10 .9l7.1 3.4 1.8 7.7-4.9 6.1H6L1.1 12 2.9 4.3z'

/** What is drawn inside the frame, by kind; stroke paths in a 20 x 20 box, 1.4 units wide. */
export const KIND_GLYPHS: { readonly [kind: string]: string } = {
  Pod: 'M10 5l4.3 2.4v4.9L10 14.8l-4.3-2.5V7.4zM5.7 7.4L10 9.9l4.3-2.5M10 9.9v4.9',
  Deployment: 'M14 9.6A4.1 4.1 0 1 1 11.6 6M11.2 3.9l.8 2.3-2.3.7M10 8.3v2l1.5 1',
  ReplicaSet: 'M5.5 8.5h6v6h-6zM8.5 8.5v-3h6v6h-3',
  ReplicationController: 'M5.5 8.5h6v6h-6zM8.5 8.5v-3h6v6h-3',
  StatefulSet: 'M6 6.5c0-2 8-2 8 0s-8 2-8 0v7c0 2 8 2 8 0v-7M6 10c0 2 8 2 8 0',
  DaemonSet: 'M5.5 5.5h3.5v4H5.5zM11 5.5h3.5v4H11zM5.5 12h9M5.5 14.3h9',
  Job: 'M5.8 5.8h8.4v8.4H5.8zM7.8 10l1.7 1.7 2.9-3.3',
  CronJob: 'M10 5.4a4.6 4.6 0 1 0 0 9.2a4.6 4.6 0 1 0 0-9.2M10 7.4V10l1.8 1.3',
  Service: 'M8.2 5h3.6v3H8.2zM10 8v2.2M6.2 12v-1.8h7.6V12M10 10.2V12M5 12h2.4v2.4H5zM8.8 12h2.4v2.4H8.8zM12.6 12H15v2.4h-2.4z',
  Endpoints: 'M6.5 8.5a1.5 1.5 0 1 0 0 3a1.5 1.5 0 1 0 0-3M8 10h5.5M11.5 8l2 2-2 2',
  EndpointSlice: 'M5.5 6.5h4M5.5 10h4M5.5 13.5h4M12 6.5h2.5M12 10h2.5M12 13.5h2.5',
  Ingress: 'M4.8 10h8M10.6 7.4l2.6 2.6-2.6 2.6M15 6v8',
  IngressClass: 'M4.8 10h8M10.6 7.4l2.6 2.6-2.6 2.6M15 6v8',
  NetworkPolicy: 'M10 4.8l4.2 1.6v3.4c0 2.6-1.8 4.3-4.2 5.4-2.4-1.1-4.2-2.8-4.2-5.4V6.4z',
  ConfigMap: 'M6 5h8v10H6zM8 7.6h4M8 10h4M8 12.4h2.5',
  Secret: 'M6 9.2h8v5.3H6zM7.6 9.2V7.4a2.4 2.4 0 0 1 4.8 0v1.8M10 11.4v1.2',
  PersistentVolume: 'M6 6.5c0-2 8-2 8 0s-8 2-8 0v7c0 2 8 2 8 0v-7',
  PersistentVolumeClaim: 'M6 6.5c0-2 8-2 8 0s-8 2-8 0v7c0 2 8 2 8 0v-7M10 9.6v3.2M8.6 11.4l1.4 1.4 1.4-1.4',
  StorageClass: 'M6 6.5c0-2 8-2 8 0s-8 2-8 0v7c0 2 8 2 8 0v-7M6 9c0 2 8 2 8 0M6 11.4c0 2 8 2 8 0',
  Node: 'M5.5 5.5h9v4h-9zM5.5 10.5h9v4h-9zM7.4 7.5h.01M7.4 12.5h.01M10 7.5h2.6M10 12.5h2.6',
  Namespace: 'M5.5 7.5v-2h2M9 5.5h2M12.5 5.5h2v2M14.5 9v2M14.5 12.5v2h-2M11 14.5H9M7.5 14.5h-2v-2M5.5 11V9',
  Event: 'M10 5v6.2M10 14.2h.01',
  ServiceAccount: 'M10 5.2a2.3 2.3 0 1 0 0 4.6a2.3 2.3 0 1 0 0-4.6M5.8 14.6c.4-2.6 2-3.6 4.2-3.6s3.8 1 4.2 3.6',
  Role: 'M5.5 6h9v8h-9zM7.4 9a1 1 0 1 0 2 0a1 1 0 1 0-2 0M11.4 9h1.6M7.4 11.8H13',
  ClusterRole: 'M5.5 6h9v8h-9zM7.4 9a1 1 0 1 0 2 0a1 1 0 1 0-2 0M11.4 9h1.6M7.4 11.8H13',
  RoleBinding:
    'M8.6 11.4l2.8-2.8M9.4 7.4l1.2-1.2a2.3 2.3 0 0 1 3.2 3.2l-1.2 1.2M10.6 12.6l-1.2 1.2a2.3 2.3 0 0 1-3.2-3.2l1.2-1.2',
  ClusterRoleBinding:
    'M8.6 11.4l2.8-2.8M9.4 7.4l1.2-1.2a2.3 2.3 0 0 1 3.2 3.2l-1.2 1.2M10.6 12.6l-1.2 1.2a2.3 2.3 0 0 1-3.2-3.2l1.2-1.2',
  HorizontalPodAutoscaler: 'M5 10h10M7 7.8L4.8 10 7 12.2M13 7.8l2.2 2.2-2.2 2.2M10 6v8',
  PodDisruptionBudget: 'M10 5v.8M5 10.6a5 4.8 0 0 1 10 0zM10 10.6v2.6a1.4 1.4 0 0 1-2.8 0',
  ResourceQuota: 'M5 12.6a5 5 0 0 1 10 0M10 12.6l2.6-3.2',
  LimitRange: 'M5 7h10M5 13h10M10 7v6M8.4 8.6L10 7l1.6 1.6M8.4 11.4L10 13l1.6-1.6',
  PriorityClass: 'M6.5 9.6L10 6.2l3.5 3.4M6.5 13.4L10 10l3.5 3.4',
  Lease: 'M6.5 5.5h7M6.5 14.5h7M7 5.5c0 3 6 6 6 9M13 5.5c0 3-6 6-6 9',
  CustomResourceDefinition: 'M8.4 5.4c-2.6 0-.6 4-2.6 4.6 2 .6 0 4.6 2.6 4.6M11.6 5.4c2.6 0 .6 4 2.6 4.6-2 .6 0 4.6-2.6 4.6',
}

/** For kinds without a glyph of their own. */
export const OTHER_GLYPH = 'M6.4 10h.01M10 10h.01M13.6 10h.01'

export function kindGlyph(kind: string): string {
  return KIND_GLYPHS[kind] ?? OTHER_GLYPH
}
