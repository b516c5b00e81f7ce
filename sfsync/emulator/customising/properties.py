"""The properties that metadata of custom fields and objects may have, as the Metadata API lists them."""

_TYPED = """
    caseSensitive defaultValue deleteConstraint displayFormat externalId formula length precision referenceTo
    relationshipLabel relationshipName relationshipOrder reparentableMasterDetail required scale startingNumber unique
    valueSet visibleLines writeRequiresMasterRead
"""
_OF_ANY_FIELD = """
    businessOwnerGroup businessOwnerUser businessStatus complianceGroup deprecated description
    displayLocationInDecimal encryptionScheme externalDeveloperName formulaTreatBlanksAs fullName inlineHelpText
    isAIPredictionField isConvertLeadDisabled isFilteringDisabled isNameField isSortingDisabled label lookupFilter
    maskChar maskType metadataRelationshipControllingField populateExistingRows readOnlyProxy referenceTargetField
    restrictedAdminField securityClassification stripMarkup summarizedField summaryFilterItems summaryForeignKey
    summaryOperation trackFeedHistory trackHistory trackTrending type
"""
_OF_OBJECTS = """
    actionOverrides allowInChatterGroups articleTypeChannelDisplay businessProcesses compactLayoutAssignment
    compactLayouts customHelp customHelpPage customSettingsType dataSpace deploymentStatus deprecated description
    enableActivities enableBulkApi enableChangeDataCapture enableDivisions enableEnhancedLookup enableFeeds
    enableHistory enableLicensing enableReports enableSearch enableSharing enableStreamingApi eventType
    externalSharingModel fieldSets fields fullName gender historyRetentionPolicy household indexes label listViews
    nameField pluralLabel profileSearchLayouts recordTypeTrackFeedHistory recordTypeTrackHistory recordTypes
    searchLayouts sharingModel sharingReasons sharingRecalculations startsWith validationRules visibility webLinks
"""

TYPED = frozenset(_TYPED.split())
"""Those of custom fields that only some types have."""
OF_ANY_FIELD = frozenset(_OF_ANY_FIELD.split())
OF_OBJECTS = frozenset(_OF_OBJECTS.split())
