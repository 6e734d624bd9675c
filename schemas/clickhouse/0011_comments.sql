-- Comments in the words of docs/glossary.md. Only comments change here.

ALTER TABLE alert_commanded
    COMMENT COLUMN command_id 'Command ID',
    COMMENT COLUMN tenant 'Tenant ID',
    COMMENT COLUMN target 'Digest of what the command addresses; for each target the latest command counts',
    COMMENT COLUMN conversation_id 'Conversation whose alerts the command addresses; NULL for all alerts of the team',
    COMMENT COLUMN team 'Team the command addresses; NULL for every team',
    COMMENT COLUMN until 'End of the snooze; NULL for other actions';

ALTER TABLE alert_commands
    COMMENT COLUMN command_id 'Command ID',
    COMMENT COLUMN tenant 'Tenant ID',
    COMMENT COLUMN target 'Digest of what the command addresses; for each target the latest command counts',
    COMMENT COLUMN conversation_id 'Conversation whose alerts the command addresses; NULL for all alerts of the team',
    COMMENT COLUMN team 'Team the command addresses; NULL for every team',
    COMMENT COLUMN until 'End of the snooze; NULL for other actions';

ALTER TABLE alert_delivered
    COMMENT COLUMN event_time 'When the delivery was settled, wall clock',
    COMMENT COLUMN tenant 'Tenant ID',
    COMMENT COLUMN conversation_id 'Conversation ID; empty when the alert concerns no conversation',
    COMMENT COLUMN alert_id 'Alert ID; for a summary, a recovery or a test the ID of the message',
    COMMENT COLUMN message_id 'Message that carried the alert; NULL when suppressed',
    COMMENT COLUMN destination 'Kind and number of the destination in the routes file, such as webhook-1, never its address; empty when suppressed',
    COMMENT COLUMN attempts 'Number of delivery attempts';

ALTER TABLE alert_deliveries
    COMMENT COLUMN event_time 'When the delivery was settled, wall clock',
    COMMENT COLUMN tenant 'Tenant ID',
    COMMENT COLUMN conversation_id 'Conversation ID; empty when the alert concerns no conversation',
    COMMENT COLUMN alert_id 'Alert ID; for a summary, a recovery or a test the ID of the message',
    COMMENT COLUMN message_id 'Message that carried the alert; NULL when suppressed',
    COMMENT COLUMN destination 'Kind and number of the destination in the routes file, such as webhook-1, never its address; empty when suppressed',
    COMMENT COLUMN attempts 'Number of delivery attempts';

ALTER TABLE alerted
    COMMENT COLUMN event_time 'When the alert was raised, stream time',
    COMMENT COLUMN tenant 'Tenant ID',
    COMMENT COLUMN conversation_id 'Conversation ID',
    COMMENT COLUMN channel 'Channel of the conversation, such as chat or email',
    COMMENT COLUMN title 'Title of the alert, one line',
    COMMENT COLUMN explanation 'Explanation: what rose and what was tried',
    COMMENT COLUMN recommendation 'Recommended next step',
    COMMENT COLUMN level_sd 'Standard deviation of the level',
    COMMENT COLUMN raised_at 'When the alarm was first raised in the conversation; NULL when never',
    COMMENT COLUMN tried 'The last four options tried and the change of the level after each; the change is NULL when the customer did not write again',
    COMMENT COLUMN decision_id 'Decision that led to the alert; NULL when none did',
    COMMENT COLUMN outcome_id 'Outcome that led to the alert; NULL when none did',
    COMMENT COLUMN rule_version 'Version of the alert rules; NULL in alerts written before this column existed',
    COMMENT COLUMN policy_version 'Version of the policy that made the decision; NULL when the alert follows from no decision';

ALTER TABLE alerts
    COMMENT COLUMN event_time 'When the alert was raised, stream time',
    COMMENT COLUMN tenant 'Tenant ID',
    COMMENT COLUMN conversation_id 'Conversation ID',
    COMMENT COLUMN channel 'Channel of the conversation, such as chat or email',
    COMMENT COLUMN title 'Title of the alert, one line',
    COMMENT COLUMN explanation 'Explanation: what rose and what was tried',
    COMMENT COLUMN recommendation 'Recommended next step',
    COMMENT COLUMN level_sd 'Standard deviation of the level',
    COMMENT COLUMN raised_at 'When the alarm was first raised in the conversation; NULL when never',
    COMMENT COLUMN tried 'The last four options tried and the change of the level after each; the change is NULL when the customer did not write again',
    COMMENT COLUMN decision_id 'Decision that led to the alert; NULL when none did',
    COMMENT COLUMN outcome_id 'Outcome that led to the alert; NULL when none did',
    COMMENT COLUMN rule_version 'Version of the alert rules; NULL in alerts written before this column existed',
    COMMENT COLUMN policy_version 'Version of the policy that made the decision; NULL when the alert follows from no decision';

ALTER TABLE belief_calibration
    COMMENT COLUMN tenant 'Tenant ID',
    COMMENT COLUMN bin_from 'Lower bound of the bin of probabilities',
    COMMENT COLUMN bin_to 'Upper bound of the bin',
    COMMENT COLUMN marks 'Number of marks people gave to messages in this bin',
    COMMENT COLUMN mean_p 'Mean probability of frustration in this bin',
    COMMENT COLUMN share_frustrated 'Share of these marks that say frustrated',
    COMMENT COLUMN high 'Upper end of the 95 % interval';

ALTER TABLE candidate_decisions
    COMMENT COLUMN tenant 'Tenant ID',
    COMMENT COLUMN candidate 'Candidate policy: as drawn, uniform, always one option (or control), or a name from candidate_policies',
    COMMENT COLUMN decision_id 'Decision ID of an observed decision',
    COMMENT COLUMN conversation_id 'Conversation ID',
    COMMENT COLUMN reward 'Reward of the option that was drawn',
    COMMENT COLUMN weight 'Importance weight: probability under the candidate policy divided by the logged propensity',
    COMMENT COLUMN score 'Doubly robust score: predicted reward, corrected by the observed reward',
    COMMENT COLUMN unsupported 'Whether the candidate policy prefers an option whose logged probability was 0';

ALTER TABLE candidate_policies
    COMMENT COLUMN tenant 'Tenant ID',
    COMMENT COLUMN decision_id 'Recorded decision that the candidate policy evaluated',
    COMMENT COLUMN probabilities 'Probability of each option and of control under the candidate policy';

ALTER TABLE censoring
    COMMENT COLUMN tenant 'Tenant ID',
    COMMENT COLUMN reason 'Censoring reason',
    COMMENT COLUMN censored 'Closed decisions censored for this reason',
    COMMENT COLUMN share 'Share of the closed decisions of the option censored for this reason';

ALTER TABLE commanded
    COMMENT COLUMN command_id 'Command ID',
    COMMENT COLUMN tenant 'Tenant ID',
    COMMENT COLUMN option 'Option the command addresses';

ALTER TABLE contrasts
    COMMENT COLUMN tenant 'Tenant ID',
    COMMENT COLUMN compared 'Option compared with control; any for all interventions together, in the mix that was drawn',
    COMMENT COLUMN decision_id 'Decision ID',
    COMMENT COLUMN conversation_id 'Conversation ID',
    COMMENT COLUMN contrast 'Contrast from this decision: reward of the option minus reward of control, doubly robust; unbiased but noisy',
    COMMENT COLUMN weight 'Weight that makes all contrasts about equally noisy; it depends on the propensities alone',
    COMMENT COLUMN noise 'Squared error of the predicted reward of the option chosen';

ALTER TABLE control_share_check
    COMMENT COLUMN tenant 'Tenant ID',
    COMMENT COLUMN expected 'Expected number of controls by the logged probabilities',
    COMMENT COLUMN controls 'Number of controls drawn',
    COMMENT COLUMN bayes_factor 'Bayes factor for another control share against the logged one; at most e to the 700th',
    COMMENT COLUMN verdict 'as designed, or suspicious when the Bayes factor exceeds 20';

ALTER TABLE conversations
    COMMENT COLUMN tenant 'Tenant ID',
    COMMENT COLUMN conversation_id 'Conversation ID',
    COMMENT COLUMN over_channel 'Channel of the conversation, such as chat or email',
    COMMENT COLUMN last_level_sd 'Standard deviation of the level',
    COMMENT COLUMN ever_raised 'Whether the alarm was ever raised',
    COMMENT COLUMN first_raised_at 'When the alarm was first raised; NULL when never',
    COMMENT COLUMN first_raised_turn 'Customer turn at which the alarm was first raised; NULL when never';

ALTER TABLE dead_letters
    COMMENT COLUMN partition 'Partition of the refused event',
    COMMENT COLUMN offset 'Offset of the refused event',
    COMMENT COLUMN failed_at 'Kafka timestamp of the refused event, kept by its dead letter',
    COMMENT COLUMN stage 'Processing step that refused the event',
    COMMENT COLUMN reason 'Reason code of the refusal',
    COMMENT COLUMN message 'What is wrong and in which field; never the payload',
    COMMENT COLUMN dlq_partition 'Partition of the dead letter in its topic',
    COMMENT COLUMN dlq_offset 'Offset of the dead letter in its topic';

ALTER TABLE decided
    COMMENT COLUMN event_time 'When the customer turn that led to this decision point was written',
    COMMENT COLUMN tenant 'Tenant ID',
    COMMENT COLUMN conversation_id 'Conversation ID',
    COMMENT COLUMN channel 'Channel of the conversation, such as chat or email',
    COMMENT COLUMN decision_index 'Index of the decision in its conversation, from 1',
    COMMENT COLUMN turn 'Customer turn that led to the decision',
    COMMENT COLUMN previous_decision_id 'Failed decision that led to this reroute or escalation; NULL otherwise',
    COMMENT COLUMN unavailable_reason 'Why no intervention was possible; NULL when available',
    COMMENT COLUMN level_sd 'Standard deviation of the level',
    COMMENT COLUMN alarm 'Alarm statistic (CUSUM)',
    COMMENT COLUMN context 'Context: features of the conversation that the policy used',
    COMMENT COLUMN propensities 'Propensities: total probability of each option and of control',
    COMMENT COLUMN control 'Whether the decision was randomised to control: no intervention',
    COMMENT COLUMN holdout 'Whether the customer is in the holdout, which never gets an intervention',
    COMMENT COLUMN propensity 'Propensity: total probability of the option chosen, control included',
    COMMENT COLUMN window_s 'The outcome matures after this many seconds, whichever comes first',
    COMMENT COLUMN contributions 'Signals behind the alarm, with their share',
    COMMENT COLUMN raised_at 'When the alarm was first raised in the conversation; NULL when never',
    COMMENT COLUMN tried 'The last four options tried before and the change of the level after each; the change is NULL when the customer did not write again';

ALTER TABLE decisions
    COMMENT COLUMN event_time 'When the customer turn that led to this decision point was written',
    COMMENT COLUMN tenant 'Tenant ID',
    COMMENT COLUMN conversation_id 'Conversation ID',
    COMMENT COLUMN channel 'Channel of the conversation, such as chat or email',
    COMMENT COLUMN decision_index 'Index of the decision in its conversation, from 1',
    COMMENT COLUMN turn 'Customer turn that led to the decision',
    COMMENT COLUMN previous_decision_id 'Failed decision that led to this reroute or escalation; NULL otherwise',
    COMMENT COLUMN unavailable_reason 'Why no intervention was possible; NULL when available',
    COMMENT COLUMN level_sd 'Standard deviation of the level',
    COMMENT COLUMN alarm 'Alarm statistic (CUSUM)',
    COMMENT COLUMN context 'Context: features of the conversation that the policy used',
    COMMENT COLUMN propensities 'Propensities: total probability of each option and of control',
    COMMENT COLUMN control 'Whether the decision was randomised to control: no intervention',
    COMMENT COLUMN holdout 'Whether the customer is in the holdout, which never gets an intervention',
    COMMENT COLUMN propensity 'Propensity: total probability of the option chosen, control included',
    COMMENT COLUMN window_s 'The outcome matures after this many seconds, whichever comes first',
    COMMENT COLUMN contributions 'Signals behind the alarm, with their share',
    COMMENT COLUMN raised_at 'When the alarm was first raised in the conversation; NULL when never',
    COMMENT COLUMN tried 'The last four options tried before and the change of the level after each; the change is NULL when the customer did not write again';

ALTER TABLE distal_outcomes
    COMMENT COLUMN tenant 'Tenant ID',
    COMMENT COLUMN conversation_id 'Conversation ID',
    COMMENT COLUMN channel 'Channel of the conversation, such as chat or email',
    COMMENT COLUMN level_sd 'Standard deviation of the level',
    COMMENT COLUMN raised 'Whether the alarm was still raised at the end',
    COMMENT COLUMN raised_at 'When the alarm was first raised; NULL when never',
    COMMENT COLUMN recovered_at 'When the alarm last cleared; NULL when it was never raised, or still is';

ALTER TABLE experiment
    COMMENT COLUMN tenant 'Tenant ID',
    COMMENT COLUMN conversation_id 'Conversation ID',
    COMMENT COLUMN channel 'Channel of the conversation, such as chat or email',
    COMMENT COLUMN closed_at 'When the outcome window closed, stream time',
    COMMENT COLUMN decision_index 'Index of the decision in its conversation, from 1',
    COMMENT COLUMN control 'Whether the decision was randomised to control: no intervention',
    COMMENT COLUMN holdout 'Whether the customer is in the holdout, which never gets an intervention',
    COMMENT COLUMN propensity 'Propensity: total probability of the option drawn, control included',
    COMMENT COLUMN propensities 'Propensities: total probability of each option and of control',
    COMMENT COLUMN censoring_reason 'Censoring reason; NULL when observed',
    COMMENT COLUMN in_order 'Whether all earlier decisions of the tenant have closed. Confidence sequences take decisions in order: outcomes that close early differ from those that close late';

ALTER TABLE finished
    COMMENT COLUMN tenant 'Tenant ID',
    COMMENT COLUMN conversation_id 'Conversation ID',
    COMMENT COLUMN channel 'Channel of the conversation, such as chat or email',
    COMMENT COLUMN level_sd 'Standard deviation of the level',
    COMMENT COLUMN raised 'Whether the alarm was still raised at the end',
    COMMENT COLUMN raised_at 'When the alarm was first raised; NULL when never',
    COMMENT COLUMN recovered_at 'When the alarm last cleared; NULL when it was never raised, or still is';

ALTER TABLE holdout_check
    COMMENT COLUMN tenant 'Tenant ID',
    COMMENT COLUMN measure 'Measure compared: resolved or abandoned (shares of conversations), level at the end, highest level',
    COMMENT COLUMN holdout_customers 'Customers behind these conversations; each conversation of an unknown customer counts as one',
    COMMENT COLUMN other_customers 'Customers behind these conversations',
    COMMENT COLUMN low 'Lower end of the 95 % interval, valid for a single look',
    COMMENT COLUMN high 'Upper end of the 95 % interval';

ALTER TABLE learned
    COMMENT COLUMN tenant 'Tenant ID',
    COMMENT COLUMN previous 'Version this snapshot was learned from; NULL for the first',
    COMMENT COLUMN context_version 'Version of the context definition',
    COMMENT COLUMN matured 'Number of outcomes learned from, control included',
    COMMENT COLUMN forgot 'Whether drift was detected and most of what was learned before was discarded',
    COMMENT COLUMN config_version 'Digest of the settings in force';

ALTER TABLE migrations
    COMMENT COLUMN number 'Number of the migration',
    COMMENT COLUMN name 'Name of the file';

ALTER TABLE observed
    COMMENT COLUMN tenant 'Tenant ID',
    COMMENT COLUMN conversation_id 'Conversation ID',
    COMMENT COLUMN channel 'Channel of the conversation, such as chat or email',
    COMMENT COLUMN control 'Whether the decision was control: no intervention was sent',
    COMMENT COLUMN propensity 'Propensity: total probability of the option chosen, control included',
    COMMENT COLUMN censoring_reason 'Censoring reason; NULL when matured',
    COMMENT COLUMN pre_sd 'Standard deviation of the level',
    COMMENT COLUMN post_sd 'Standard deviation of the level',
    COMMENT COLUMN turns 'Customer turns within the outcome window',
    COMMENT COLUMN raised_at 'When the alarm was first raised in the conversation; NULL when never',
    COMMENT COLUMN tried 'The last four options tried up to this outcome and the change of the level after each; the change is NULL when the customer did not write again',
    COMMENT COLUMN contributions 'The three strongest signals behind the alarm when the window closed';

ALTER TABLE outcomes
    COMMENT COLUMN tenant 'Tenant ID',
    COMMENT COLUMN conversation_id 'Conversation ID',
    COMMENT COLUMN channel 'Channel of the conversation, such as chat or email',
    COMMENT COLUMN control 'Whether the decision was control: no intervention was sent',
    COMMENT COLUMN propensity 'Propensity: total probability of the option chosen, control included',
    COMMENT COLUMN censoring_reason 'Censoring reason; NULL when matured',
    COMMENT COLUMN pre_sd 'Standard deviation of the level',
    COMMENT COLUMN post_sd 'Standard deviation of the level',
    COMMENT COLUMN turns 'Customer turns within the outcome window',
    COMMENT COLUMN raised_at 'When the alarm was first raised in the conversation; NULL when never',
    COMMENT COLUMN tried 'The last four options tried up to this outcome and the change of the level after each; the change is NULL when the customer did not write again',
    COMMENT COLUMN contributions 'The three strongest signals behind the alarm when the window closed';

ALTER TABLE overloaded_teams
    COMMENT COLUMN tenant 'Tenant ID',
    COMMENT COLUMN periods 'Periods in which somebody of the team worked',
    COMMENT COLUMN told 'Periods with figures, because the team was large enough',
    COMMENT COLUMN strained_periods 'Periods with figures in which at least one exceeded its limit',
    COMMENT COLUMN hostile_share 'Share of work time in hostile conversations; NULL without figures';

ALTER TABLE policy_commands
    COMMENT COLUMN command_id 'Command ID',
    COMMENT COLUMN tenant 'Tenant ID',
    COMMENT COLUMN option 'Option the command addresses';

ALTER TABLE policy_snapshots
    COMMENT COLUMN tenant 'Tenant ID',
    COMMENT COLUMN previous 'Version this snapshot was learned from; NULL for the first',
    COMMENT COLUMN context_version 'Version of the context definition',
    COMMENT COLUMN matured 'Number of outcomes learned from, control included',
    COMMENT COLUMN forgot 'Whether drift was detected and most of what was learned before was discarded',
    COMMENT COLUMN config_version 'Digest of the settings in force';

ALTER TABLE policy_state
    COMMENT COLUMN tenant 'Tenant ID',
    COMMENT COLUMN matured 'Number of outcomes learned from, control included';

ALTER TABLE policy_values
    COMMENT COLUMN tenant 'Tenant ID',
    COMMENT COLUMN candidate 'Candidate policy: as drawn, uniform, always one option (or control), or a name from candidate_policies',
    COMMENT COLUMN n 'Number of observed decisions',
    COMMENT COLUMN conversations 'Conversations behind these decisions',
    COMMENT COLUMN unsupported 'Decisions in which the candidate policy prefers an option whose logged probability was 0; a single one rules out an estimate',
    COMMENT COLUMN unsupported_share 'Share of such decisions',
    COMMENT COLUMN ess 'Effective sample size of the logged decisions for the candidate policy',
    COMMENT COLUMN snips_error 'Standard error of the estimate',
    COMMENT COLUMN snips_low 'Lower end of the 95 % interval, valid for a single look',
    COMMENT COLUMN snips_high 'Upper end of the 95 % interval',
    COMMENT COLUMN dr_error 'Standard error of the estimate',
    COMMENT COLUMN dr_low 'Lower end of the 95 % interval, valid for a single look',
    COMMENT COLUMN dr_high 'Upper end of the 95 % interval';

ALTER TABLE propensity_health
    COMMENT COLUMN tenant 'Tenant ID',
    COMMENT COLUMN worst_sum 'Largest distance of the sum of propensities from 1; rounding alone stays under 1e-9',
    COMMENT COLUMN smallest 'Smallest propensity above 0',
    COMMENT COLUMN contradictions 'Decisions whose propensity differs from the one in the map, or whose option had probability 0',
    COMMENT COLUMN worst_option 'Option whose importance weights deviate most from its count; NULL while no option is expected 10 times',
    COMMENT COLUMN worst_z 'Size of that deviation in standard deviations; positive when drawn too often',
    COMMENT COLUMN lotteries 'Number of logged lottery draws',
    COMMENT COLUMN lottery_p 'p-value of that distance if the lottery is uniform; NULL under 50',
    COMMENT COLUMN verdict 'broken (a sum or a propensity is wrong), suspicious (beyond 5 standard deviations, or a p-value under 1e-6), or sound';

ALTER TABLE rated
    COMMENT COLUMN event_id 'Rating ID',
    COMMENT COLUMN tenant 'Tenant ID',
    COMMENT COLUMN conversation_id 'Conversation ID',
    COMMENT COLUMN channel 'Channel of the conversation, such as chat or email',
    COMMENT COLUMN decision_id 'Decision whose reply is rated; NULL when the whole conversation is rated',
    COMMENT COLUMN blinded 'Whether the rater was blind to intervention and control',
    COMMENT COLUMN message_id 'Rated message; NULL for the last customer message before the rating',
    COMMENT COLUMN frustrated 'Whether the rater found the customer frustrated in this message; NULL when not stated',
    COMMENT COLUMN intensity 'Intensity of frustration, 0 to 1; NULL when not stated',
    COMMENT COLUMN compared_with 'Decision whose reply was compared with the rated one; NULL without a comparison';

ALTER TABLE ratings
    COMMENT COLUMN event_id 'Rating ID',
    COMMENT COLUMN tenant 'Tenant ID',
    COMMENT COLUMN conversation_id 'Conversation ID',
    COMMENT COLUMN channel 'Channel of the conversation, such as chat or email',
    COMMENT COLUMN decision_id 'Decision whose reply is rated; NULL when the whole conversation is rated',
    COMMENT COLUMN blinded 'Whether the rater was blind to intervention and control',
    COMMENT COLUMN message_id 'Rated message; NULL for the last customer message before the rating',
    COMMENT COLUMN frustrated 'Whether the rater found the customer frustrated in this message; NULL when not stated',
    COMMENT COLUMN intensity 'Intensity of frustration, 0 to 1; NULL when not stated',
    COMMENT COLUMN compared_with 'Decision whose reply was compared with the rated one; NULL without a comparison';

ALTER TABLE refused
    COMMENT COLUMN partition 'Partition of the refused event',
    COMMENT COLUMN offset 'Offset of the refused event',
    COMMENT COLUMN failed_at 'Kafka timestamp of the refused event, kept by its dead letter',
    COMMENT COLUMN stage 'Processing step that refused the event',
    COMMENT COLUMN reason 'Reason code of the refusal',
    COMMENT COLUMN message 'What is wrong and in which field; never the payload',
    COMMENT COLUMN dlq_partition 'Partition of the dead letter in its topic',
    COMMENT COLUMN dlq_offset 'Offset of the dead letter in its topic';

ALTER TABLE team_workloads
    COMMENT COLUMN event_time 'End of the period, exclusive',
    COMMENT COLUMN tenant 'Tenant ID',
    COMMENT COLUMN operators 'Operators of the team who had a conversation in the period; NULL below the minimum group size',
    COMMENT COLUMN work_minutes 'Minutes with at least one conversation, mean per operator',
    COMMENT COLUMN hostile_minutes 'Minutes in which at least one of the customers was raised, mean per operator',
    COMMENT COLUMN hard_in_a_row 'Longest run of hard cases without an easy one or a break between, mean per operator; it may begin before the period',
    COMMENT COLUMN breaks_missed 'Breaks that were due and not taken, mean per operator',
    COMMENT COLUMN recovery_minutes 'Minutes between two hard cases, mean of the operators who had two; NULL when too few had',
    COMMENT COLUMN channel_share 'Share of the hostile minutes on that channel, 0 to 1',
    COMMENT COLUMN strained 'Figures that exceed their limit: hostile_minutes, hard_in_a_row, breaks_missed';

ALTER TABLE time_to_recovery
    COMMENT COLUMN tenant 'Tenant ID',
    COMMENT COLUMN arm 'holdout, control only (no intervention) or intervened',
    COMMENT COLUMN raised 'Conversations in which the alarm was ever raised',
    COMMENT COLUMN recovered 'Raised conversations whose alarm had cleared at the end',
    COMMENT COLUMN share_recovered 'Share of the raised conversations that recovered';

ALTER TABLE trajectories
    COMMENT COLUMN event_id 'Event ID of the message',
    COMMENT COLUMN tenant 'Tenant ID',
    COMMENT COLUMN conversation_id 'Conversation ID',
    COMMENT COLUMN channel 'Channel of the conversation, such as chat or email',
    COMMENT COLUMN turn 'Index of this customer turn, from 1',
    COMMENT COLUMN level 'Frustration level: 0 is usual, positive is more frustrated',
    COMMENT COLUMN alarm 'Alarm statistic (CUSUM)',
    COMMENT COLUMN raised 'Whether the alarm is raised after this turn',
    COMMENT COLUMN observation 'Observation from the words of this message, on the scale of the level; NULL when unknown',
    COMMENT COLUMN p_next 'Probability that the customer is frustrated, forecast before this message was seen',
    COMMENT COLUMN p_rise 'Probability, forecast before this message was seen, that it is more frustrated than the one before; NULL at the first turn',
    COMMENT COLUMN reply 'Style of the reply before this turn, over all messages since the turn before; empty without a reply, or when it could not be read',
    COMMENT COLUMN contributions 'Change of the level by signal since the last point; the parts add up to the whole change';

ALTER TABLE trajectory_points
    COMMENT COLUMN event_id 'Event ID of the message',
    COMMENT COLUMN tenant 'Tenant ID',
    COMMENT COLUMN conversation_id 'Conversation ID',
    COMMENT COLUMN channel 'Channel of the conversation, such as chat or email',
    COMMENT COLUMN turn 'Index of this customer turn, from 1',
    COMMENT COLUMN level 'Frustration level: 0 is usual, positive is more frustrated',
    COMMENT COLUMN alarm 'Alarm statistic (CUSUM)',
    COMMENT COLUMN raised 'Whether the alarm is raised after this turn',
    COMMENT COLUMN observation 'Observation from the words of this message, on the scale of the level; NULL when unknown',
    COMMENT COLUMN p_next 'Probability that the customer is frustrated, forecast before this message was seen',
    COMMENT COLUMN p_rise 'Probability, forecast before this message was seen, that it is more frustrated than the one before; NULL at the first turn',
    COMMENT COLUMN reply 'Style of the reply before this turn, over all messages since the turn before; empty without a reply, or when it could not be read',
    COMMENT COLUMN contributions 'Change of the level by signal since the last point; the parts add up to the whole change';

ALTER TABLE uplift
    COMMENT COLUMN tenant 'Tenant ID',
    COMMENT COLUMN option 'Option compared with control; any for all interventions together',
    COMMENT COLUMN n 'Observed decisions in which both the option and control could have been drawn',
    COMMENT COLUMN treated 'Observed decisions in which the option (or any intervention) was drawn',
    COMMENT COLUMN controls 'Observed decisions in which control was drawn',
    COMMENT COLUMN control_conversations 'Conversations behind the controls',
    COMMENT COLUMN alpha 'Probability that the interval ever misses the truth: .05 for any, divided among the single options',
    COMMENT COLUMN mean 'Weighted mean of reward of the option minus reward of control, positive when it helped; NULL under 200 decisions',
    COMMENT COLUMN variance 'Variance of the weighted contrasts, at least the variance of the noise; NULL under 200 decisions',
    COMMENT COLUMN high 'Upper end of the interval; NULL under 200 decisions';

ALTER TABLE waiting
    COMMENT COLUMN tenant 'Tenant ID',
    COMMENT COLUMN conversation_id 'Conversation ID',
    COMMENT COLUMN overdue 'Whether the tenant\'s newest turn is later than the end of the window, so that the outcome is overdue';

ALTER TABLE what_followed
    COMMENT COLUMN tenant 'Tenant ID',
    COMMENT COLUMN matured 'Decisions observed to the end of the window',
    COMMENT COLUMN censored 'Decisions that could not be observed',
    COMMENT COLUMN failures 'Interventions after which the level rose by more than the margin';

ALTER TABLE workloads
    COMMENT COLUMN event_time 'End of the period, exclusive',
    COMMENT COLUMN tenant 'Tenant ID',
    COMMENT COLUMN operators 'Operators of the team who had a conversation in the period; NULL below the minimum group size',
    COMMENT COLUMN work_minutes 'Minutes with at least one conversation, mean per operator',
    COMMENT COLUMN hostile_minutes 'Minutes in which at least one of the customers was raised, mean per operator',
    COMMENT COLUMN hard_in_a_row 'Longest run of hard cases without an easy one or a break between, mean per operator; it may begin before the period',
    COMMENT COLUMN breaks_missed 'Breaks that were due and not taken, mean per operator',
    COMMENT COLUMN recovery_minutes 'Minutes between two hard cases, mean of the operators who had two; NULL when too few had',
    COMMENT COLUMN channel_share 'Share of the hostile minutes on that channel, 0 to 1',
    COMMENT COLUMN strained 'Figures that exceed their limit: hostile_minutes, hard_in_a_row, breaks_missed';

ALTER TABLE alert_commanded MODIFY COMMENT 'Commands of people about alerts, each once';

ALTER TABLE alert_commands MODIFY COMMENT 'Commands of people about alerts';

ALTER TABLE alert_delivered MODIFY COMMENT 'Delivery of each alert, each once';

ALTER TABLE alert_deliveries MODIFY COMMENT 'Delivery of each alert: delivered, failed or suppressed, and why';

ALTER TABLE alerted MODIFY COMMENT 'Alerts to team leads, each once';

ALTER TABLE alerts MODIFY COMMENT 'Alerts to team leads';

ALTER TABLE belief_calibration MODIFY COMMENT 'Calibration of the probability of frustration against marks by people';

ALTER TABLE candidate_decisions MODIFY COMMENT 'Each candidate policy applied to every logged decision, with its importance weight';

ALTER TABLE candidate_policies MODIFY COMMENT 'Probabilities of candidate policies in logged decisions';

ALTER TABLE censoring MODIFY COMMENT 'Decisions without an observed outcome, by option and reason';

ALTER TABLE commanded MODIFY COMMENT 'Commands of people to the policy, each once';

ALTER TABLE contrasts MODIFY COMMENT 'Contrast of each option with control from every decision';

ALTER TABLE control_share_check MODIFY COMMENT 'Data quality: whether control is drawn as often as the logged probabilities say';

ALTER TABLE conversations MODIFY COMMENT 'Latest state of every conversation';

ALTER TABLE holdout_check MODIFY COMMENT 'Customers in the holdout, who never get an intervention, compared with all others';

ALTER TABLE learned MODIFY COMMENT 'Policy snapshots, each once';

ALTER TABLE migrations MODIFY COMMENT 'Migrations applied to this database';

ALTER TABLE observed MODIFY COMMENT 'Outcomes of decisions, each once';

ALTER TABLE outcomes MODIFY COMMENT 'Outcomes: the change of the level after each decision';

ALTER TABLE overloaded_teams MODIFY COMMENT 'How often each team exceeded its limits, by which figure and channel';

ALTER TABLE policy_commands MODIFY COMMENT 'Commands of people to the policy';

ALTER TABLE policy_snapshots MODIFY COMMENT 'Policy snapshots, without their weights';

ALTER TABLE propensity_health MODIFY COMMENT 'Data quality: whether decisions were drawn with the probabilities on record';

ALTER TABLE team_workloads MODIFY COMMENT 'Workload of each team in each period; figures of teams, never of a person';

ALTER TABLE trajectories MODIFY COMMENT 'Trajectory: the frustration level after each customer turn, each once';

ALTER TABLE trajectory_points MODIFY COMMENT 'Trajectory points: the frustration level after each customer turn';

ALTER TABLE waiting MODIFY COMMENT 'Decisions whose outcome is not known yet';

ALTER TABLE what_followed MODIFY COMMENT 'Change of the level after each option and control; a description, not a comparison';

ALTER TABLE workloads MODIFY COMMENT 'Workload of each team in each period, each once';
