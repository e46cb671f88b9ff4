import type { PodTemplate } from '../../apimachinery/generated/types.ts'
import { defineStrategy } from './strategy.ts'
import { column, containerColumns, nameColumn } from './shared/columns.ts'
import { formatLabels } from './shared/labels.ts'
import { generationOfSpec } from './shared/lifecycle.ts'
import { defaultPodTemplate } from './shared/pod-spec-defaults.ts'
import { checkPodTemplate } from './shared/pod-template.ts'
import { templateWarnings } from './shared/workloads.ts'

/** k8s 1.36: registry/core/podtemplate strategy.go. */
export const podTemplate = defineStrategy<PodTemplate>({
  group: '',
  resource: 'podtemplates',
  defaults: (object) => ({ ...object, template: defaultPodTemplate(object.template) }),
  prepareForCreate: generationOfSpec.prepareForCreate,
  validate: (object) => checkPodTemplate(object.template ?? {}, 'template'),
  validateUpdate: (object, old) => checkPodTemplate(object.template ?? {}, 'template', old.template),
  warnings: (object) => templateWarnings(object.template, 'template'),
  allowCreateOnUpdate: true,
  columns: [
    nameColumn,
    ...containerColumns<PodTemplate>((t) => t.template?.spec?.containers, 0),
    column('Pod Labels', 'The labels for the pod template.', (t) => formatLabels(t.template?.metadata?.labels)),
  ],
})
