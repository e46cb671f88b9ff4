import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { Tabs } from '../../app/Tabs.tsx'
import { useSelection } from '../../state/selection.ts'
import { Compare } from './Compare.tsx'
import { PodPicker } from './PodPicker.tsx'
import { PodScheduling } from './PodScheduling.tsx'
import styles from './SchedulingView.module.css'
import { useScheduling, type Page } from './store.ts'

/** Why a pod is where it is, or nowhere; what would change that; and what another configuration would do. */
export default function SchedulingView() {
  const { t } = useTranslation('scheduling')
  useFollowSelection()
  const pod = useScheduling((state) => state.pod)
  const page = useScheduling((state) => state.page)
  const set = useScheduling((state) => state.set)
  return (
    <div className={styles.view}>
      <Tabs
        label={t('title')}
        value={page}
        onChange={(id) => set({ page: id as Page })}
        tabs={[
          { id: 'pod', title: t('page.pod') },
          { id: 'compare', title: t('page.compare') },
        ]}
      >
        {page === 'compare' ? (
          <Compare />
        ) : pod === null ? (
          <PodPicker />
        ) : (
          <PodScheduling key={`${pod.namespace}/${pod.name}`} namespace={pod.namespace} name={pod.name} />
        )}
      </Tabs>
    </div>
  )
}

/** A pod selected anywhere is shown. */
function useFollowSelection(): void {
  const selected = useSelection((state) => state.selected)
  const showPod = useScheduling((state) => state.showPod)
  useEffect(() => {
    if (selected?.resource !== 'pods') return
    const { pod } = useScheduling.getState()
    if (pod?.name !== selected.name || pod.namespace !== selected.namespace) showPod(selected)
  }, [selected, showPod])
}
