import type { ConditionPlan } from './deletes-plan.ts';
import type { Path } from './path-plan.ts';
import type { StreamPlan } from './stream-plan.ts';

/** How the properties of a stream are learned of. */
export interface DescribePlan {
  /** Lists the descriptions. */
  readonly stream: StreamPlan;
  readonly id: Path;
  readonly name: Path;
  readonly label?: Path;
  readonly type?: Path;
  /** Ours by the provider's; `{PATH}` in one stands for a value of the description. */
  readonly types: { readonly [type: string]: string };
  readonly under: Path;
  readonly custom: readonly ConditionPlan[];
  /** Empty where no property has several values. */
  readonly multiple: readonly ConditionPlan[];
  readonly separator: string;
  readonly options?: Path;
  readonly optionValue: Path;
  readonly optionLabel: Path;
  readonly archived?: Path;
  readonly nullable?: Path;
  readonly unit?: Path;
  readonly currency?: { readonly where: readonly ConditionPlan[]; readonly from: string };
}

/** What `etl discover` asks of one stream. */
export interface DiscoveredStream {
  /** Lists the records that the properties are inferred from. */
  readonly records: StreamPlan;
  readonly describe?: DescribePlan;
}
