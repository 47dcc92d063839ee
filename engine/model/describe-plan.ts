import type { ConditionPlan } from './deletes-plan.ts';
import type { DescribedText } from './described-text.ts';
import type { Path } from './path-plan.ts';
import type { StreamPlan } from './stream-plan.ts';

/** What a column is of which the provider says its type. */
export interface DescribedType {
  /** `{PATH}` in it stands for a value of the description. */
  readonly type: string;
  /** Path of the value below that of the property. */
  readonly at?: string;
  /** Of times that have none. */
  readonly zone?: string;
}

/** How the properties of a stream are learned of. */
export interface DescribePlan {
  /** Lists the descriptions. */
  readonly stream: StreamPlan;
  readonly id: DescribedText;
  readonly name: DescribedText;
  readonly label?: Path;
  readonly type?: Path;
  /** Ours by the provider's. */
  readonly types: { readonly [type: string]: DescribedType };
  /** Where a record has the property; otherwise it stands `under` a path by its name. */
  readonly path?: DescribedText;
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
  readonly currency?: { readonly where: readonly ConditionPlan[]; readonly from: DescribedText };
}

/** What `etl discover` asks of one stream. */
export interface DiscoveredStream {
  /** Lists the records that the properties are inferred from. */
  readonly records: StreamPlan;
  readonly describe?: DescribePlan;
}
