const HEAD = `apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
`

const fit = (strategy: string): string => `${HEAD}profiles:
  - schedulerName: default-scheduler
    pluginConfig:
      - name: NodeResourcesFit
        args:
          apiVersion: kubescheduler.config.k8s.io/v1
          kind: NodeResourcesFitArgs
          scoringStrategy:
            type: ${strategy}
            resources:
              - name: cpu
                weight: 1
              - name: memory
                weight: 1
`

/** Configurations to begin with. The names are those of Kubernetes; 'default' is the one that is built in. */
export const TEMPLATES: readonly { readonly id: string; readonly yaml: string }[] = [
  { id: 'default', yaml: `${HEAD}profiles:\n  - schedulerName: default-scheduler\n` },
  { id: 'LeastAllocated', yaml: fit('LeastAllocated') },
  {
    id: 'MostAllocated',
    yaml: `${fit('MostAllocated')}    plugins:
      score:
        disabled:
          - name: NodeResourcesBalancedAllocation
          - name: PodTopologySpread
        enabled:
          - name: NodeResourcesFit
            weight: 5
`,
  },
  {
    id: 'ImageLocality',
    yaml: `${HEAD}profiles:
  - schedulerName: default-scheduler
    plugins:
      score:
        enabled:
          - name: ImageLocality
            weight: 50
`,
  },
  {
    id: 'twoProfiles',
    yaml: `${HEAD}profiles:
  - schedulerName: default-scheduler
  - schedulerName: packer
    pluginConfig:
      - name: NodeResourcesFit
        args:
          scoringStrategy:
            type: MostAllocated
            resources:
              - name: cpu
                weight: 1
    plugins:
      score:
        disabled:
          - name: PodTopologySpread
          - name: NodeResourcesBalancedAllocation
`,
  },
]
