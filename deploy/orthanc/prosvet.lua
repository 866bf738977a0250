-- A study that has stood still for StableAge seconds goes to Prosvet; what Prosvet sent is not sent back to it.
-- A study that could not be sent is tried again when the next one stands still, and when Orthanc starts.

local TARGET = 'prosvet'
local PAUSE = 30   -- seconds between two tries of one job
local failed = {}  -- job -> when it failed

local function fromProsvet(instance)
   local target = ParseJson(RestApiGet('/modalities/' .. TARGET .. '/configuration', false))
   local sender = RestApiGet('/instances/' .. instance .. '/metadata/RemoteAET', false)
   return sender == target['AET']
end

local function tryAgain(all)
   for job, at in pairs(failed) do
      if all or os.time() - at >= PAUSE then
         failed[job] = nil
         RestApiPost('/jobs/' .. job .. '/resubmit', '{}', false)
      end
   end
end

function OnStableStudy(study, tags, metadata, origin)
   local fresh = {}
   for _, instance in ipairs(ParseJson(RestApiGet('/studies/' .. study .. '/instances', false))) do
      if not fromProsvet(instance['ID']) then
         table.insert(fresh, instance['ID'])
      end
   end
   if #fresh > 0 then
      -- One association for the whole study, in the background.
      RestApiPost('/modalities/' .. TARGET .. '/store',
                  DumpJson({ Resources = fresh, Synchronous = false, Permissive = false }, true), false)
   end
   tryAgain(false)
end

function OnJobFailure(job)
   failed[job] = os.time()
end

function Initialize()
   for _, job in ipairs(ParseJson(RestApiGet('/jobs?expand', false))) do
      if job['State'] == 'Failure' and job['Type'] == 'DicomModalityStore' then
         failed[job['ID']] = 0
      end
   end
   tryAgain(true)
end
