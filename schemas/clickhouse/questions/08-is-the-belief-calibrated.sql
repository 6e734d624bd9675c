-- Is the belief calibrated?
-- Of the messages to which the text model gave a probability of .7, seven of ten should be marked as frustrated.
SELECT tenant, bin_from, bin_to, marks, mean_p, share_frustrated, low, high,
    toBool(mean_p BETWEEN low AND high) AS fits
FROM belief_calibration
ORDER BY tenant, bin_from
